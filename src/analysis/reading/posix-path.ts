/** Path arithmetic on relative posix paths, without touching a file system. */

/** `.` for a file in the root. */
export const directoryOf = (path: string): string => {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '.' : path.slice(0, slash);
};

export const baseNameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** With the dot, lower case; `''` where there is none (`.gitignore` has none). */
export const extensionOf = (path: string): string => {
  const name = baseNameOf(path);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot).toLowerCase();
};

/** The base name without its last extension. */
export const stemOf = (path: string): string => {
  const name = baseNameOf(path);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? name : name.slice(0, dot);
};

/** Resolves `target` against `directory`; undefined when it leaves the inspected root. */
export const resolveFrom = (directory: string, target: string): string | undefined => {
  const parts = directory === '.' ? [] : directory.split('/');
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.length === 0 ? '.' : parts.join('/');
};

export const joinPath = (directory: string, name: string): string =>
  directory === '.' ? name : `${directory}/${name}`;

/** The directory itself, then each parent, ending with the root `.`. */
export const upwardsFrom = (directory: string): string[] => {
  const chain = [directory];
  let current = directory;
  while (current !== '.') {
    current = directoryOf(current);
    chain.push(current);
  }
  return chain;
};
