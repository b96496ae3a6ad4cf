// The sirens' voices, made here: a hollow-wood strike, and a steady tone where the pattern holds one.
"use strict";
const Drum = (() => {
  const AHEAD_S = 0.35;        // strokes are scheduled this far ahead of the clock
  const LOOK_MS = 120;         // how often the schedule is looked at
  const STEADY_MS = 600;       // a step that sounds longer than this is a tone, not a stroke
  let context = null, out = null, noise = null;
  const voices = new Map();    // label -> {steps, startS, endS, next, at, pan, pitch}
  let strokeSeen = () => {};

  function start() {
    if (context) { context.resume(); return; }
    context = new AudioContext();
    const squeeze = context.createDynamicsCompressor();
    out = context.createGain();
    out.gain.value = 0.8;
    out.connect(squeeze).connect(context.destination);
    noise = context.createBuffer(1, context.sampleRate * 0.03, context.sampleRate);
    const samples = noise.getChannelData(0);
    for (let i = 0; i < samples.length; i++) samples[i] = (Math.random() * 2 - 1) * (1 - i / samples.length);
  }

  function place(pan) {
    const panner = context.createStereoPanner();
    panner.pan.value = pan;
    panner.connect(out);
    return panner;
  }

  function partial(target, when, from, to, level, length) {
    const tone = context.createOscillator(), gain = context.createGain();
    tone.frequency.setValueAtTime(from, when);
    tone.frequency.exponentialRampToValueAtTime(to, when + length);
    gain.gain.setValueAtTime(0.0001, when);
    gain.gain.exponentialRampToValueAtTime(level, when + 0.003);
    gain.gain.exponentialRampToValueAtTime(0.0001, when + length);
    tone.connect(gain).connect(target);
    tone.start(when);
    tone.stop(when + length + 0.02);
  }

  function strike(voice, when) {
    const target = place(voice.pan), p = voice.pitch;
    partial(target, when, 415 * p, 372 * p, 0.75, 0.19);   // the slit's air
    partial(target, when, 910 * p, 860 * p, 0.28, 0.09);   // the wood
    partial(target, when, 1720 * p, 1650 * p, 0.12, 0.045);
    const click = context.createBufferSource(), band = context.createBiquadFilter(), gain = context.createGain();
    click.buffer = noise;
    band.type = "bandpass"; band.frequency.value = 2100 * p; band.Q.value = 1.1; gain.gain.value = 0.5;
    click.connect(band).connect(gain).connect(target);
    click.start(when);
  }

  function steady(voice, when, length) {
    const target = place(voice.pan), tone = context.createOscillator(), gain = context.createGain();
    tone.type = "triangle";
    tone.frequency.value = 520 * voice.pitch;
    gain.gain.setValueAtTime(0.0001, when);
    gain.gain.exponentialRampToValueAtTime(0.3, when + 0.03);
    gain.gain.setValueAtTime(0.3, when + length - 0.05);
    gain.gain.exponentialRampToValueAtTime(0.0001, when + length);
    tone.connect(gain).connect(target);
    tone.start(when);
    tone.stop(when + length);
    voice.tones.push(tone);
  }

  // One clock for eye and ear: with sound off the strokes still move the drum on the plan.
  const nowS = () => performance.now() / 1000;

  function look() {
    const now = nowS();
    for (const [label, voice] of voices) {
      while (voice.at < now + AHEAD_S && voice.at < voice.endS) {
        const [on, off] = voice.steps[voice.next];
        if (on > 0 && voice.at > now - 0.05) sound(label, voice, on, voice.at - now);
        voice.at += (on + off) / 1000;
        voice.next = (voice.next + 1) % voice.steps.length;
      }
      if (voice.at >= voice.endS && now > voice.endS) voices.delete(label);
    }
  }

  function sound(label, voice, onMs, inS) {
    const timer = setTimeout(() => strokeSeen(label), Math.max(0, inS * 1000));
    voice.timers.push(timer);
    if (voice.timers.length > 64) voice.timers.splice(0, 32);
    if (!context || context.state !== "running") return;
    const when = context.currentTime + Math.max(0, inS);
    if (onMs >= STEADY_MS) steady(voice, when, onMs / 1000); else strike(voice, when);
  }

  function play(label, steps, elapsedMs, totalMs, pan, pitch) {
    stop(label);
    if (!steps.length || steps.reduce((sum, [on, off]) => sum + on + off, 0) <= 0) return;
    const startS = nowS() - elapsedMs / 1000;
    voices.set(label, { steps, at: startS, next: 0, endS: startS + totalMs / 1000, pan, pitch, timers: [], tones: [] });
    look();
  }

  function stop(label) {
    const voice = voices.get(label);
    if (!voice) return;
    voice.timers.forEach(clearTimeout);
    for (const tone of voice.tones) try { tone.stop(); } catch { /* it has ended */ }
    voices.delete(label);
  }

  setInterval(look, LOOK_MS);
  return { start, play, stop, onStroke(callback) { strokeSeen = callback; },
           on: () => !!context && context.state === "running", off() { if (context) context.suspend(); } };
})();
