// sharp: `node sharp_program.mjs WORKLOAD IN OUT AT_A_TIME CONCURRENCY [MARK]`; SHARP is where it is installed.
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, join } from "node:path";

const sharp = createRequire(join(process.env.SHARP, "index.js"))("sharp");
const [workload, source, target, atATime, concurrency, markPath] = process.argv.slice(2);
const WIDTHS = [1920, 1280, 640, 320];
const QUICK = { optimiseCoding: false }; // its default makes two passes over each picture

sharp.cache(false);
sharp.concurrency(Number(concurrency));

const stem = (name) => basename(name, extname(name));

const marks = new Map();
async function scaledMark(side) {
  if (!marks.has(side)) {
    const mark = sharp(markPath).resize({ width: side }).ensureAlpha().linear([1, 1, 1, 0.5], [0, 0, 0, 0]);
    marks.set(side, mark.png().toBuffer({ resolveWithObject: true }));
  }
  return marks.get(side);
}

const work = {
  thumbnails: (path, name) =>
    sharp(path)
      .resize({ width: 256, height: 256, fit: "inside", withoutEnlargement: true })
      .jpeg({ quality: 80, ...QUICK })
      .toFile(join(target, name)),
  async responsive(path, name) {
    const { width, height } = await sharp(path).metadata();
    for (const wanted of WIDTHS) {
      const wide = Math.min(wanted, width);
      const high = Math.max(1, Math.round((height * wide) / width));
      const short = Math.min(wide, high);
      const { data, info } = await scaledMark(Math.max(1, Math.round(short * 0.2)));
      const margin = Math.round(short * 0.02);
      await sharp(path)
        .resize({ width: wide, height: high, fit: "fill" })
        .composite([{ input: data, left: wide - info.width - margin, top: high - info.height - margin }])
        .jpeg({ quality: 80, ...QUICK })
        .toFile(join(target, `${stem(name)}_${wanted}.jpg`));
    }
  },
  soft_sharp: (path, name) =>
    sharp(path, { sequentialRead: true })
      .blur(2)
      .convolve({ width: 3, height: 3, kernel: [0, -1, 0, -1, 5, -1, 0, -1, 0] })
      .jpeg({ quality: 85, ...QUICK })
      .toFile(join(target, name)),
  grey: (path, name) =>
    sharp(path, { sequentialRead: true })
      .greyscale()
      .linear(1, 20)
      .toColourspace("b-w")
      .jpeg({ quality: 80, ...QUICK })
      .toFile(join(target, name)),
  webp: (path, name) =>
    sharp(path)
      .resize({ width: 512, height: 512, fit: "inside", withoutEnlargement: true })
      .webp({ quality: 80, effort: 4 })
      .toFile(join(target, `${stem(name)}.webp`)),
  icons: (path, name) => sharp(path).resize(32, 32, { fit: "fill" }).png().toFile(join(target, name)),
}[workload];

const names = readdirSync(source);
async function worker() {
  while (names.length) {
    const name = names.shift();
    await work(join(source, name), name);
  }
}
await Promise.all(Array.from({ length: Number(atATime) }, worker));
