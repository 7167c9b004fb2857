/** A process of its own that commits to files at once: prints by how many bytes its memory grew for it at most. */
import { commitPieceFile } from '../src/piece/node.ts'

const SAMPLE_EVERY_MS = 2
const paths = process.argv.slice(2)
// What the kernel, its module and a first piece take is there before.
await commitPieceFile(import.meta.filename)
// Sampled, since the peak that the system keeps is that of the start, when modules were loaded.
const before = process.memoryUsage.rss()
let highest = before
const sampling = setInterval(() => {
  highest = Math.max(highest, process.memoryUsage.rss())
}, SAMPLE_EVERY_MS)
await Promise.all(paths.map((path) => commitPieceFile(path)))
clearInterval(sampling)
console.log(highest - before)
