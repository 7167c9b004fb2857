/** A process of its own that commits to files at once: prints by how many bytes its memory grew for it at most. */
import { commitPieceFile } from '../src/piece/node.ts'

const KIB = 1024
const paths = process.argv.slice(2)
// What the kernel, its module and a first piece take is there before.
await commitPieceFile(import.meta.filename)
const before = process.resourceUsage().maxRSS
await Promise.all(paths.map((path) => commitPieceFile(path)))
console.log((process.resourceUsage().maxRSS - before) * KIB)
