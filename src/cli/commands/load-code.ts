/**
 * Executes one file of code that its user trusts, as `node` would, and gives what it exports. `import … from 'hivewright'` works
 * in it wherever it stands: where no such package is installed beside it, the hive that runs the command stands in.
 */
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { hiveError } from '../../contract/index.ts';

const PACKAGE = 'hivewright';
/** The same depth in the sources and in the build. */
const authorsDoor = new URL('../../../bin/authors.js', import.meta.url).href;

/** Throws GRAPH_INVALID that says why and, where Node tells it, at which line. */
export async function loadCode(file: string): Promise<Readonly<Record<string, unknown>>> {
  const { href } = pathToFileURL(path.resolve(file));
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      try {
        return next(specifier, context);
      } catch (error) {
        if (specifier !== PACKAGE) throw error;
        return { url: authorsDoor, shortCircuit: true };
      }
    },
  });
  try {
    return (await import(href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw loadError(file, error);
  } finally {
    hooks.deregister();
  }
}

function loadError(file: string, error: unknown): Error {
  const why = error instanceof Error ? error.message : String(error);
  const fix = why.includes('outside a module')
    ? ['name the file .mts, or put "type": "module" into the package.json above it']
    : ['correct the file; it must also load with: node ' + file];
  return hiveError('GRAPH_INVALID', {
    message: `${file}${placeIn(file, error)} cannot be loaded: ${why}`,
    cause: error,
    details: { fix },
  });
}

/** `:line` or `:line:column` of the file in the trace: of a syntax error, or of the frame that threw. */
function placeIn(file: string, error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return '';
  const absolute = path.resolve(file);
  for (const line of error.stack.split('\n')) {
    for (const name of [pathToFileURL(absolute).href, absolute]) {
      const at = line.indexOf(`${name}:`);
      const place = at < 0 ? null : /^:\d+(:\d+)?/.exec(line.slice(at + name.length));
      if (place !== null) return place[0];
    }
  }
  return '';
}
