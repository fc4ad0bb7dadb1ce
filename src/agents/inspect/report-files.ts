/** The names of a report's files inside its folder. */
export const reportFiles = {
  markdown: 'report.md',
  json: 'report.json',
  sarif: 'report.sarif',
} as const;
