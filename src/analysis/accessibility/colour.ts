/** CSS colours to sRGB, and the contrast ratio of WCAG 2.2. */
export type Colour = {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly alpha: number;
};

const NAMES = new Map<string, string>(
  Object.entries({
    black: '#000',
    white: '#fff',
    red: '#f00',
    green: '#008000',
    blue: '#00f',
    yellow: '#ff0',
    gray: '#808080',
    grey: '#808080',
    silver: '#c0c0c0',
    maroon: '#800000',
    olive: '#808000',
    lime: '#0f0',
    aqua: '#0ff',
    cyan: '#0ff',
    teal: '#008080',
    navy: '#000080',
    fuchsia: '#f0f',
    magenta: '#f0f',
    purple: '#800080',
    orange: '#ffa500',
    pink: '#ffc0cb',
    gold: '#ffd700',
    lightgray: '#d3d3d3',
    lightgrey: '#d3d3d3',
    darkgray: '#a9a9a9',
    darkgrey: '#a9a9a9',
    dimgray: '#696969',
    whitesmoke: '#f5f5f5',
    gainsboro: '#dcdcdc',
    tomato: '#ff6347',
    crimson: '#dc143c',
    salmon: '#fa8072',
    coral: '#ff7f50',
    khaki: '#f0e68c',
    beige: '#f5f5dc',
    ivory: '#fffff0',
    lavender: '#e6e6fa',
    indigo: '#4b0082',
    violet: '#ee82ee',
    lightblue: '#add8e6',
    skyblue: '#87ceeb',
    steelblue: '#4682b4',
    royalblue: '#4169e1',
    darkblue: '#00008b',
    lightgreen: '#90ee90',
    darkgreen: '#006400',
    seagreen: '#2e8b57',
    forestgreen: '#228b22',
    darkred: '#8b0000',
    lightyellow: '#ffffe0',
    aliceblue: '#f0f8ff',
    snow: '#fffafa',
    slategray: '#708090',
    darkslategray: '#2f4f4f',
  }),
);

/** Undefined for what is not one plain colour (gradients, `inherit`, wide-gamut functions). */
export const readColour = (value: string): Colour | undefined => {
  const plain = value.trim().toLowerCase();
  const text = NAMES.get(plain) ?? plain;
  if (text.startsWith('#')) return readHex(text.slice(1));
  const call = /^(rgb|hsl)a?\(\s*([^()]{1,100})\)$/.exec(text);
  if (call === null) return undefined;
  const parts = (call[2] ?? '').split(/[\s,/]+/).filter((part) => part !== '');
  if (parts.length < 3 || parts.length > 4) return undefined;
  return call[1] === 'rgb' ? readRgb(parts) : readHsl(parts);
};

const readHex = (digits: string): Colour | undefined => {
  if (!/^(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/.test(digits)) return undefined;
  const full = digits.length <= 4 ? digits.replaceAll(/./g, '$&$&') : digits;
  const at = (index: number): number => Number.parseInt(full.slice(index, index + 2), 16);
  return { red: at(0), green: at(2), blue: at(4), alpha: full.length === 8 ? at(6) / 255 : 1 };
};

const amount = (part: string | undefined, full: number): number =>
  part?.endsWith('%') === true ? (Number.parseFloat(part) / 100) * full : Number(part);

const finite = (colour: Colour): Colour | undefined =>
  Object.values(colour).every((each) => Number.isFinite(each)) ? colour : undefined;

const readRgb = ([red, green, blue, alpha]: readonly string[]): Colour | undefined =>
  finite({
    red: amount(red, 255),
    green: amount(green, 255),
    blue: amount(blue, 255),
    alpha: alpha === undefined ? 1 : amount(alpha, 1),
  });

const readHsl = ([hue, saturation, lightness, alpha]: readonly string[]): Colour | undefined => {
  const h = Number.parseFloat(hue ?? '');
  const s = amount(saturation, 1);
  const l = amount(lightness, 1);
  const a = s * Math.min(l, 1 - l);
  const channel = (n: number): number => {
    const k = (((n + h / 30) % 12) + 12) % 12;
    return Math.round(255 * (l - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return finite({
    red: channel(0),
    green: channel(8),
    blue: channel(4),
    alpha: alpha === undefined ? 1 : amount(alpha, 1),
  });
};

/** 1 to 21; both colours opaque. */
export const contrastRatio = (one: Colour, other: Colour): number => {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};

const luminance = ({ red, green, blue }: Colour): number =>
  0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);

const linear = (channel: number): number => {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};
