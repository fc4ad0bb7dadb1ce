/** One numbered step of the schema. Each statement commits by itself together with the count of those done, so a step resumes after a crash. */
export interface Migration {
  version: number;
  name: string;
  up: readonly string[];
  down: readonly string[];
}
