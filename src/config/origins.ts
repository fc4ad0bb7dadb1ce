// Where the value of a setting came from, and which other sources lost against it.

/** From strongest to weakest. */
export const sourceOrder = ['flag', 'environment', 'file', 'default'] as const;
export type Source = (typeof sourceOrder)[number];

export interface Origin {
  source: Source;
  /** `--port`, `API_PORT`, `/home/ada/hive.config.yaml:3`, or `default`. */
  where: string;
  /** Weaker sources that also set it, strongest first, as in `where`. */
  overridden: readonly string[];
}
