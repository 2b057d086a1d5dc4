"""A clapper in place of camera and microphone: each whole second a flash and a beep, and the time in every picture.

All pages on one machine share a clock, so what two people recorded can be laid beside each other, and beside the moment
at which something was killed. `claps.py` reads it back. Holds no test.
"""

PERIOD_MS = 1000
FLASH_MS = 120
BEEP_MS = 60
BEEP_HZ = 1000
STAMP_BITS = 20
STAMP_WRAPS = 1_000_000  # milliseconds since 1970, modulo this: 17 minutes, and a whole number of claps
CHECK_BITS = 4
STRIP = 0.2  # of the picture's height, at its bottom
TICK_MS = 40
_NAMES = (
    "PERIOD_MS", "FLASH_MS", "BEEP_MS", "BEEP_HZ", "STAMP_BITS", "STAMP_WRAPS", "CHECK_BITS", "STRIP", "TICK_MS",
)  # fmt: skip

_CLAPPER = """() => {
  const devices = navigator.mediaDevices;
  if (!devices?.getUserMedia || window.clapper) return;
  const native = devices.getUserMedia.bind(devices);
  const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
  const brush = canvas.getContext('2d', { alpha: false });
  const cells = STAMP_BITS + CHECK_BITS;
  const strip = Math.round(HEIGHT * STRIP);
  const draw = () => {
    const now = Date.now();
    const stamp = now % STAMP_WRAPS;
    let check = 0;
    for (let rest = stamp; rest; rest = Math.floor(rest / 16)) check = (check + rest % 16) % 16;
    brush.fillStyle = now % PERIOD_MS < FLASH_MS ? '#fff' : '#222';
    brush.fillRect(0, 0, WIDTH, HEIGHT - strip);
    brush.fillStyle = '#555';  // so that the picture moves between claps too
    brush.fillRect((now / 4) % WIDTH, HEIGHT / 4, HEIGHT / 5, HEIGHT / 5);
    const code = (stamp * 2 ** CHECK_BITS + check).toString(2).padStart(cells, '0');
    for (let place = 0; place < cells; place++) {
      brush.fillStyle = code[place] === '1' ? '#fff' : '#000';
      brush.fillRect(Math.round(WIDTH * place / cells), HEIGHT - strip, Math.ceil(WIDTH / cells), strip);
    }
  };
  draw();
  const context = new AudioContext({ sampleRate: 48000, latencyHint: 'interactive' });
  const out = context.createMediaStreamDestination();
  const hiss = context.createBuffer(1, context.sampleRate, context.sampleRate);
  hiss.getChannelData(0).forEach((_, at, samples) => { samples[at] = (Math.random() - 0.5) * 0.004; });
  const breath = new AudioBufferSourceNode(context, { buffer: hiss, loop: true });
  breath.connect(out);
  breath.start();
  let beeped = 0;
  const beep = () => {
    const clap = Math.ceil((Date.now() + 100) / PERIOD_MS);
    if (clap === beeped) return;
    beeped = clap;
    const at = context.currentTime + (clap * PERIOD_MS - Date.now()) / 1000;
    const tone = new OscillatorNode(context, { frequency: BEEP_HZ });
    const volume = new GainNode(context, { gain: 0.5 });
    tone.connect(volume).connect(out);
    tone.start(at);
    tone.stop(at + BEEP_MS / 1000);
  };
  const picture = canvas.captureStream(0).getVideoTracks()[0];
  const voice = out.stream.getAudioTracks()[0];
  const tick = () => {
    draw();
    picture.requestFrame();
    beep();
    setTimeout(tick, TICK_MS - Date.now() % TICK_MS);
  };
  tick();
  window.clapper = { picture, voice };
  devices.getUserMedia = async (wish) => {
    const real = await native(wish);
    const tracks = real.getTracks().map((track) => (track.kind === 'video' ? picture : voice).clone());
    real.getTracks().forEach((track) => track.stop());
    return new MediaStream(tracks);
  };
}"""


def clapper(width: int = 640, height: int = 360) -> str:
    """A script to run before the page's own: its devices clap from then on."""
    script = _CLAPPER.replace("WIDTH", str(width)).replace("HEIGHT", str(height))
    for name in (
        "PERIOD_MS",
        "FLASH_MS",
        "BEEP_MS",
        "BEEP_HZ",
        "STAMP_BITS",
        "STAMP_WRAPS",
        "CHECK_BITS",
        "STRIP",
        "TICK_MS",
    ):
        script = script.replace(name, str(globals()[name]))
    return script
