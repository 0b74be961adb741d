import { describe, expect, it } from 'vitest';
import { Console } from '../../../main/cli/output/console.ts';
import { forTerminal, ownColours, printable } from '../../../main/cli/output/printable.ts';

class Recorder {
  text = '';
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

/**
 * A name that clears the screen, sets the window title, breaks the line, and reverses the text
 * direction.
 */
const NAME = 'a\u001b[2J\u001b]0;title\u0007b\r\nc\u009b31md\u202egnp.exe\u0000';
const SHOWN = 'a\\x1b[2J\\x1b]0;title\\x07b\\r\\nc\\x9b31md\\u202egnp.exe\\x00';

describe('names in what is printed for people', () => {
  it('lose what a terminal obeys, and nothing else', () => {
    expect(printable(NAME)).toBe(SHOWN);
    expect(printable(SHOWN)).toBe(SHOWN);
    const plain = 'C:\\new\\täble 猫 👩‍👩‍👧 e\u0301 שלום.png';
    expect(printable(plain)).toBe(plain);
  });

  it('are written out on every way to the terminal, and exact as JSON', () => {
    const said: ((console: Console) => void)[] = [
      (console) => console.answer({}, () => [`x ${NAME}`]),
      (console) => console.say(`x ${NAME}`),
      (console) => console.note(`x ${NAME}`),
      (console) => console.warn(`x ${NAME}`),
      (console) => console.fail({ code: 'not-found', message: `x ${NAME}`, hint: '' }),
      (console) =>
        console.fail({ code: 'not-found', message: '.', hint: `x ${NAME}`, path: `x ${NAME}` }),
    ];
    for (const say of said) {
      const [out, error] = [new Recorder(), new Recorder()];
      say(new Console({ json: false, out, error }));
      const text = out.text + error.text;
      expect(text).toContain(`x ${SHOWN}`);
      expect(text.replaceAll('\n', '')).toMatch(/^\P{Cc}*$/u);
    }
    const out = new Recorder();
    new Console({ json: true, out }).answer({ name: NAME }, () => []);
    expect(JSON.parse(out.text)).toEqual({ name: NAME });
  });

  it('end with the option that a hint is about, which windows do not have', () => {
    const error = new Recorder();
    new Console({ json: false, error }).fail({
      ...{ code: 'name-taken', message: 'It exists.', hint: 'Choose another name.' },
      option: '--out',
    });
    expect(error.text).toBe('error: It exists.\nhint:  Choose another name. (--out)\n');
  });

  it('are no error where the user ended the work', () => {
    const error = new Recorder();
    const hint = '`karst runs resume gulls` resumes it from there.';
    new Console({ json: false, error }).fail({
      ...{ code: 'cancelled', message: 'gulls is interrupted at step 14.', hint },
    });
    expect(error.text).toBe(`gulls is interrupted at step 14.\nhint:  ${hint}\n`);
  });

  it('cannot take a colour, while our own arrive', () => {
    const painted = ownColours('\u001b[31mred\u001b[39m');
    expect(forTerminal(`${painted} \u001b[31mname`)).toBe('\u001b[31mred\u001b[39m \\x1b[31mname');
  });
});
