/**
 * The sounds of the arena, made on the spot: a handful of notes, no files.
 *
 * Owns the one audio context of the page.  Browsers give none before the first gesture, so it is made in one; until
 * then, and where there is no sound at all, every call is harmless.
 */
export type Sound = "tick" | "go" | "tap" | "pop" | "win" | "lose";

interface Note {
  readonly wave: OscillatorType;
  /** Hertz, from and to. */
  readonly from: number;
  readonly to: number;
  /** Seconds after the sound begins, and how long it lasts. */
  readonly after: number;
  readonly lasts: number;
  readonly loud: number;
}

function note(from: number, lasts: number, loud: number, rest: Partial<Note> = {}): Note {
  return { wave: "sine", from, to: from, after: 0, lasts, loud, ...rest };
}

const SOUNDS: Readonly<Record<Sound, readonly Note[]>> = {
  tick: [note(660, 0.09, 0.14)],
  go: [note(1320, 0.3, 0.16), note(660, 0.3, 0.08)],
  tap: [note(300, 0.04, 0.05, { wave: "triangle", to: 150 })],
  pop: [note(420, 0.09, 0.06, { to: 840 })],
  win: [523, 659, 784, 1047].map((pitch, index) =>
    note(pitch, index === 3 ? 0.5 : 0.16, 0.13, { wave: "triangle", after: index * 0.11 }),
  ),
  lose: [note(330, 0.22, 0.09), note(247, 0.4, 0.09, { after: 0.18 })],
};
/** Fingers are faster than ears: clicks closer together than this are one. */
const TAP_EVERY_S = 0.03;

export class Sounds {
  private readonly mayPlay: () => boolean;
  private context: AudioContext | null = null;
  private lastTapAt = 0;

  constructor(mayPlay: () => boolean) {
    this.mayPlay = mayPlay;
    const wake = (): void => {
      this.wake();
    };
    // Phones take the sound away when the app is left; every gesture asks for it again.
    window.addEventListener("pointerup", wake, { capture: true, passive: true });
    window.addEventListener("keydown", wake, { capture: true, passive: true });
  }

  play(sound: Sound): void {
    if (!this.mayPlay()) return;
    // A gesture that came before this was loaded counts too.
    if (!this.context && hasBeenTouched()) this.wake();
    const { context } = this;
    if (context?.state !== "running") return;
    const now = context.currentTime;
    if (sound === "tap") {
      if (now - this.lastTapAt < TAP_EVERY_S) return;
      this.lastTapAt = now;
    }
    for (const each of SOUNDS[sound]) strike(context, each, now);
  }

  private wake(): void {
    if (!this.mayPlay()) return;
    try {
      this.context ??= new AudioContext({ latencyHint: "interactive" });
    } catch {
      // No audio here.
      return;
    }
    // Refused: the next gesture asks again.
    if (this.context.state !== "running") this.context.resume().catch(() => undefined);
  }
}

function hasBeenTouched(): boolean {
  // Not in every phone's browser.
  return "userActivation" in navigator && navigator.userActivation.hasBeenActive;
}

function strike(context: AudioContext, note: Note, now: number): void {
  const start = now + note.after;
  const end = start + note.lasts;
  const voice = new OscillatorNode(context, { type: note.wave, frequency: note.from });
  const volume = new GainNode(context, { gain: 0 });
  voice.frequency.exponentialRampToValueAtTime(note.to, end);
  // A voice that starts or stops at once cracks.
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(note.loud, start + 0.008);
  volume.gain.exponentialRampToValueAtTime(0.0001, end);
  voice.connect(volume).connect(context.destination);
  voice.start(start);
  voice.stop(end);
}
