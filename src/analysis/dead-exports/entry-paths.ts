/**
 * Files that something outside the import graph starts: tests, stories, tools' configuration, routes that a
 * framework finds by name, scripts that people run. Their exports are never called dead.
 */
import { isDeclaration } from '../reading/parse-script.ts';
import { isExample, isFixture, isTest } from '../reading/path-kind.ts';
import { baseNameOf, stemOf } from '../reading/posix-path.ts';

const FRAMEWORK_DIRECTORY =
  /(?:^|\/)(?:pages|routes|app|api|functions|middleware|middlewares|plugins|layouts|composables|migrations?|seeds?|seeders|scripts?|tools?|tasks|bin|bench|benchmarks?|perf|\.storybook|\.github|\.vitepress|\.docusaurus|hooks\.d|commands?|public|static|assets|server\/(?:api|routes|plugins|middleware|utils)|netlify|supabase|lambda|lambdas|workers?|jobs|entrypoints?|generators?|codemods?|transforms?|docs?|website)\//;
const TOOL_FILE =
  /(?:^|\/)(?:[\w.-]+\.config(?:\.[\w-]+)?\.[cm]?[jt]s|\.[\w.-]+rc\.[cm]?[jt]s|(?:gulp|grunt|jake)file[\w.]*|karma\.conf\.js|[\w.-]+\.(?:stories|story|worker|service-worker|page|route|config|conf|setup|d|mdx?)\.[cm]?[jt]sx?|(?:setup|jest|vitest|vite|next|nuxt|webpack|rollup|babel|metro|app|server|main|cli|mod|middleware|instrumentation(?:-client)?|proxy|root|entry[.\w-]*|sw|service-worker|manage|worker|preload|preinstall|postinstall|install|environment|polyfills?|setupTests|reportWebVitals)\.[cm]?[jt]sx?)$/i;
const ROUTE_NAME = /^(?:\+|\[|_)/;

export const isEntryPath = (path: string): boolean =>
  isTest(path) ||
  isFixture(path) ||
  isExample(path) ||
  isDeclaration(path) ||
  FRAMEWORK_DIRECTORY.test(path) ||
  TOOL_FILE.test(path) ||
  ROUTE_NAME.test(baseNameOf(path)) ||
  stemOf(path).startsWith('.');
