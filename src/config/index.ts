// config: the only reader of the environment. One table of settings, parsed once, every problem told at once.

export { CONFIG_FILE_NAME } from './config-file.ts';
export type { ConfigFileSystem } from './config-file.ts';
export type { ConfigProblem } from './config-problem.ts';
export { secretTexts } from './describe-config.ts';
export type { ConfigRow } from './describe-config.ts';
export { faultPlan, processEnvironment, terminalFacts } from './environment.ts';
export type { Environment, FaultPlan, TerminalFacts } from './environment.ts';
export { loadConfig } from './load-config.ts';
export type { ConfigFlags, HiveConfig, LoadConfigOptions } from './load-config.ts';
export type { Origin, Source } from './origins.ts';
export { settingGroups } from './setting.ts';
export type { Setting, SettingGroup } from './setting.ts';
export { settings } from './settings.ts';
export type { SettingProperty } from './settings.ts';
