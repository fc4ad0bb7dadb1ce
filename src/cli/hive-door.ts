/** How a command gets at a hive: the running one by loopback, else one inside this process for as long as it takes. */
import type { HiveClient } from '../client/index.ts';
import { note } from './session.ts';
import type { Session } from './session.ts';

/** What the composition root's door for commands gives. */
export interface OpenHive {
  client: HiveClient;
  /** embedded: it runs in this process and ends with it; remote: another process holds the data directory. */
  mode: 'embedded' | 'remote';
  /** Of the API; undefined when this process runs a hive without one. */
  url: string | undefined;
  /** Sentences for the user, e.g. settings without effect. */
  notices: readonly string[];
  close(): Promise<void>;
}

export interface OpenOptions {
  /**
   * any: connect to the holder of the data directory, else run one without a server.
   * look: as any, but a hive that runs here only answers: it takes up no work that it could not finish.
   * follow: as any, but a hive that runs here listens on any free port, so that other commands can steer what it works on.
   * serve: run one with the API listening; LOCK_HELD or PORT_IN_USE when that cannot be.
   * serve-or-connect: as serve, but connect where another hive holds the directory.
   */
  purpose: 'any' | 'look' | 'follow' | 'serve' | 'serve-or-connect';
  /** A directory that will be inspected: no configuration is read from it. */
  inspectedPath?: string;
}

/** The front door of app for commands, loaded when a command needs a hive. */
export interface EmbeddedDoor {
  openHive: (
    options: OpenOptions & { flags: Readonly<Record<string, unknown>> },
  ) => Promise<OpenHive>;
  /** What the environment says about the terminal. */
  terminalFacts: () => { isDumb: boolean; isCi: boolean };
}

export async function withHive<Result>(
  session: Session,
  options: OpenOptions,
  work: (hive: OpenHive) => Promise<Result>,
): Promise<Result> {
  const { openHive } = await session.door();
  const hive = await openHive({ ...options, flags: session.settings.flags });
  try {
    for (const notice of hive.notices) note(session, `note: ${notice}`);
    return await work(hive);
  } finally {
    await hive.close();
  }
}
