// Where the data goes when nobody says: beside the configuration file of the project, else into the user's folder for application data.

import os from 'node:os';
import path from 'node:path';
import type { Environment } from './environment.ts';

export function defaultDataDirectory(from: {
  configFile: string | null;
  env: Environment;
}): string {
  if (from.configFile !== null) return path.join(path.dirname(from.configFile), '.hive');
  return path.join(userDataFolder(from.env), 'hivewright');
}

/** XDG on Linux, the platform's own folder elsewhere. A relative XDG_DATA_HOME is ignored, as its specification demands. */
function userDataFolder(env: Environment): string {
  const xdg = env['XDG_DATA_HOME'];
  if (xdg !== undefined && path.isAbsolute(xdg)) return xdg;
  const home = env['HOME'] ?? env['USERPROFILE'] ?? os.homedir();
  if (process.platform === 'win32') {
    return env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local');
  }
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Application Support');
  return path.join(home, '.local', 'share');
}
