/** How far a licence reaches, from an SPDX expression. A choice (`OR`) is as mild as its mildest part. */
export type LicenceClass = 'permissive' | 'strong' | 'none' | 'unknown';

const STRONG =
  /^(?:A?GPL(?:[-v ]|$)|SSPL|BUSL|BSL-1\.1|Elastic|CC-BY-NC|OSL|EUPL|RPL|Commons-Clause)/i;
const NONE = /^(?:UNLICENSED|NONE|)$/i;

export const classifyLicence = (expression: string): LicenceClass => {
  const plain = expression.slice(0, 300).replaceAll(/[()]/g, ' ').trim();
  if (NONE.test(plain)) return 'none';
  const choices = plain.split(/\s+OR\s+|\s*\/\s*|\s*,\s*/i).map((choice) => {
    const parts = choice
      .split(/\s+AND\s+/i)
      .map((part) => part.replace(/\s+WITH\s+.*$/i, ' with-exception').trim());
    return parts.some((part) => STRONG.test(part) && !part.endsWith('with-exception'))
      ? 'strong'
      : 'permissive';
  });
  return choices.includes('permissive') ? 'permissive' : 'strong';
};
