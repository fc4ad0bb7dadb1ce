/** Languages by extension, file name or shebang, and how each marks a comment. */
import { baseNameOf, extensionOf } from '../reading/posix-path.ts';

export type CommentStyle = 'slash' | 'hash' | 'dash' | 'markup' | 'percent' | 'semicolon' | 'none';
export type Language = {
  readonly name: string;
  readonly comments: CommentStyle;
  readonly code: boolean;
};

const TABLE: readonly (readonly [string, CommentStyle, string])[] = [
  ['TypeScript', 'slash', '.ts .mts .cts .tsx'],
  ['JavaScript', 'slash', '.js .mjs .cjs .jsx'],
  ['Python', 'hash', '.py .pyi .pyw SConstruct'],
  ['Go', 'slash', '.go'],
  ['Rust', 'slash', '.rs'],
  ['Java', 'slash', '.java'],
  ['Kotlin', 'slash', '.kt .kts'],
  ['C', 'slash', '.c .h'],
  ['C++', 'slash', '.cc .cpp .cxx .hpp .hh .hxx .ipp'],
  ['C#', 'slash', '.cs'],
  ['Swift', 'slash', '.swift'],
  ['Objective-C', 'slash', '.m .mm'],
  ['Scala', 'slash', '.scala'],
  ['Dart', 'slash', '.dart'],
  ['PHP', 'slash', '.php'],
  ['Ruby', 'hash', '.rb .rake .gemspec Gemfile Rakefile Vagrantfile'],
  ['Perl', 'hash', '.pl .pm .t'],
  ['Shell', 'hash', '.sh .bash .zsh .fish .ksh'],
  ['PowerShell', 'hash', '.ps1 .psm1'],
  ['Lua', 'dash', '.lua'],
  ['SQL', 'dash', '.sql'],
  ['Haskell', 'dash', '.hs .lhs'],
  ['Elixir', 'hash', '.ex .exs'],
  ['Erlang', 'percent', '.erl .hrl'],
  ['Clojure', 'semicolon', '.clj .cljs .cljc'],
  ['Lisp', 'semicolon', '.lisp .el .scm'],
  ['R', 'hash', '.r'],
  ['Julia', 'hash', '.jl'],
  ['Zig', 'slash', '.zig'],
  ['Nim', 'hash', '.nim'],
  ['Groovy', 'slash', '.groovy .gradle Jenkinsfile'],
  ['Vue', 'markup', '.vue'],
  ['Svelte', 'markup', '.svelte'],
  ['Astro', 'markup', '.astro'],
  ['CSS', 'slash', '.css .scss .sass .less'],
  ['Solidity', 'slash', '.sol'],
  ['Protocol Buffers', 'slash', '.proto'],
  ['GraphQL', 'hash', '.graphql .gql'],
  ['Terraform', 'hash', '.tf .tfvars .hcl'],
  ['Nix', 'hash', '.nix'],
  ['CMake', 'hash', '.cmake CMakeLists.txt'],
  ['Make', 'hash', '.mk Makefile makefile GNUmakefile'],
  ['Dockerfile', 'hash', '.dockerfile Dockerfile Containerfile'],
  ['Assembly', 'semicolon', '.asm .s'],
];
const DATA: readonly (readonly [string, CommentStyle, string])[] = [
  ['HTML', 'markup', '.html .htm .xhtml'],
  ['XML', 'markup', '.xml .xsd .xsl .svg .plist'],
  ['Markdown', 'none', '.md .mdx .markdown'],
  ['reStructuredText', 'none', '.rst'],
  ['AsciiDoc', 'none', '.adoc'],
  ['Text', 'none', '.txt'],
  ['JSON', 'none', '.json .jsonc .json5 .webmanifest'],
  ['YAML', 'hash', '.yml .yaml'],
  ['TOML', 'hash', '.toml'],
  ['INI', 'hash', '.ini .cfg .conf .properties'],
  ['TeX', 'percent', '.tex .sty .bib'],
];

const BY_KEY = new Map<string, Language>();
for (const [list, code] of [
  [TABLE, true],
  [DATA, false],
] as const) {
  for (const [name, comments, keys] of list) {
    for (const key of keys.split(' ')) BY_KEY.set(key, { name, comments, code });
  }
}

const SHEBANGS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:ba|z|k|da|fi)?sh\b/, '.sh'],
  [/\bpython/, '.py'],
  [/\b(?:node|deno|bun)\b/, '.js'],
  [/\bruby\b/, '.rb'],
  [/\bperl\b/, '.pl'],
  [/\bphp\b/, '.php'],
];

/** Undefined for what is neither code nor a known text format. */
export const languageOfFile = (path: string, text: string): Language | undefined => {
  const name = baseNameOf(path);
  const known =
    BY_KEY.get(name) ??
    BY_KEY.get(extensionOf(path)) ??
    (name.startsWith('Dockerfile') ? BY_KEY.get('Dockerfile') : undefined);
  if (known !== undefined || !text.startsWith('#!')) return known;
  const line = text.slice(0, Math.min(200, Math.max(0, text.indexOf('\n'))));
  const shebang = SHEBANGS.find(([pattern]) => pattern.test(line));
  return shebang === undefined ? undefined : BY_KEY.get(shebang[1]);
};
