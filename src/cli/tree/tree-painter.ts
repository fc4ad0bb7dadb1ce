/**
 * Paints lines over their predecessors in the normal scrollback of a terminal.
 * Owns: the lines that are on the screen below the cursor's start. Does not own: what they say.
 * I1: never the alternate screen, so text stays selectable. I2: nothing is written when nothing changed.
 * I3: `above` puts lasting lines over the tree without tearing it. I4: after `finish` the last frame stays.
 *
 * States: blank > painted > painted …; finished at the end.
 */
export interface TreePainter {
  paint(lines: readonly string[]): void;
  /** Runs `write` with the tree taken away, then puts the tree back. */
  above(write: () => void): void;
  finish(lines: readonly string[] | undefined): void;
}

const ESC = '\u001b[';

export function createTreePainter(write: (text: string) => void): TreePainter {
  let shown: readonly string[] = [];
  const erase = (): string => (shown.length === 0 ? '' : `${ESC}${shown.length}F${ESC}0J`);
  const draw = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  return {
    paint: (lines) => {
      if (lines.length === shown.length && lines.every((line, at) => line === shown[at])) return;
      write(erase() + draw(lines));
      shown = lines;
    },
    above: (print) => {
      const lines = shown;
      if (lines.length > 0) write(erase());
      shown = [];
      print();
      if (lines.length > 0) write(draw(lines));
      shown = lines;
    },
    finish: (lines) => {
      if (lines !== undefined) write(erase() + draw(lines));
      shown = [];
    },
  };
}
