// A configuration as rows for people and tools: `config list --show-origin`, support bundles. Secrets are masked.

import type { HiveConfig } from './load-config.ts';
import type { Origin } from './origins.ts';
import { Secret, SECRET_MASK } from './secret.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings.ts';
import type { SettingProperty } from './settings.ts';

export interface ConfigRow {
  name: string;
  key: string;
  value: string | number | boolean | null;
  origin: Origin;
  effective: boolean;
}

export function describeConfig(config: HiveConfig): ConfigRow[] {
  return (Object.keys(settings) as SettingProperty[]).map((property) => {
    const setting: Setting<unknown> = settings[property];
    const value = config[property];
    return {
      name: setting.name,
      key: setting.key,
      value: value instanceof Secret ? SECRET_MASK : value,
      origin: config.origins[property],
      effective: setting.effective,
    };
  });
}

/** Every secret text of the configuration, also the password inside a URL: for telemetry's registerSecret. */
export function secretTexts(config: HiveConfig): string[] {
  const texts: string[] = [];
  for (const property of Object.keys(settings) as SettingProperty[]) {
    const value = config[property];
    if (!(value instanceof Secret)) continue;
    const text = value.reveal();
    const password = text.includes('://') ? URL.parse(text)?.password : undefined;
    if (password === undefined) texts.push(text);
    else if (password !== '') texts.push(text, password, decode(password));
  }
  return [...new Set(texts)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
