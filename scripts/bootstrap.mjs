// Runs on any Node >= 20 with npm: makes sure that the install is there, then goes on under the Node that the
// repository brings. `npm start` and `npm test` both come through here.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = join(root, 'node_modules', '.bin')
const pinnedNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const stamp = join(root, 'node_modules', '.granary-installed')
const native = join('packages', 'proofs', 'native')
const kernelStamp = join(root, 'node_modules', '.granary-kernel')

function digestOf(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function isDone(stampFile, digest) {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest
}

/** Silence longer than this looks like a program that hangs. */
const SILENCE_MS = 1_500

/** Its output goes to stderr, since stdout belongs to the program that follows; while it is silent we say what it does. */
async function runLoudly(what, command, args, options) {
  const startMs = Date.now()
  let saidMs = startMs
  const say = (text) => {
    saidMs = Date.now()
    process.stderr.write(text)
  }
  const child = spawn(command, args, { ...options, cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const timer = setInterval(() => {
    if (Date.now() - saidMs < SILENCE_MS) return
    say(`granary: still ${what}, for ${Math.round((Date.now() - startMs) / 1_000)} s\n`)
  }, SILENCE_MS / 5)
  child.stdout.on('data', say)
  child.stderr.on('data', say)
  const status = await new Promise((resolve) => {
    child.on('error', (error) => {
      say(`granary: ${error.message}\n`)
      resolve(1)
    })
    child.on('close', (code) => resolve(code ?? 1))
  })
  clearInterval(timer)
  return status
}

async function ensureInstalled() {
  const digest = digestOf(['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
  if (isDone(stamp, digest) && existsSync(pinnedNode)) return
  const startedMs = Date.now()
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  process.stderr.write(`granary: installing what is missing (${packageManager}) …\n`)
  const status = await runLoudly('installing', 'npx', ['-y', packageManager, 'install', '--frozen-lockfile'], {
    shell: process.platform === 'win32',
    env: { ...process.env, CI: 'true' },
  })
  if (status !== 0) {
    process.stderr.write(
      'granary: the install failed (above). Check that the npm registry can be reached, then run the command again.\n',
    )
    process.exit(status)
  }
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  // An install that finds everything there does not build the kernel.
  if (kernelBuiltMs() >= startedMs) writeFileSync(kernelStamp, kernelDigest())
  writeFileSync(stamp, digest)
}

function kernelDigest() {
  const sources = readdirSync(join(root, native)).filter((file) => /\.(c|h|mjs)$/.test(file))
  return digestOf(sources.sort().map((file) => join(native, file)))
}

function kernelBuiltMs() {
  const build = join(root, native, 'build')
  return existsSync(build) ? statSync(build).mtimeMs : 0
}

/** The install builds the kernel; after a pull that changes its sources it is built again here. */
async function ensureKernel() {
  const digest = kernelDigest()
  if (isDone(kernelStamp, digest)) return
  await runLoudly('building the C kernel', pinnedNode, [join(root, native, 'build.mjs')], {})
  writeFileSync(kernelStamp, digest)
}

const [command, ...args] = process.argv.slice(2)
const programs = {
  start: [
    '--conditions=@granary/source',
    '--disable-warning=ExperimentalWarning',
    join(root, 'packages/cli/src/main.ts'),
    'demo',
  ],
  test: [join(root, 'scripts/test.mjs')],
}
const program = programs[command]
if (!program) {
  process.stderr.write(`granary: "${command ?? ''}" is not one of ${Object.keys(programs).join(', ')}\n`)
  process.exit(2)
}

await ensureInstalled()
await ensureKernel()
const child = spawn(pinnedNode, [...program, ...args], {
  // npm runs scripts in the project's root; a path that the user typed is relative to where they stood.
  cwd: process.env.INIT_CWD ?? process.cwd(),
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: `${bin}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`,
    TURBO_TELEMETRY_DISABLED: '1',
    // The tests start some hundred programs: each would strip and compile the same sources.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.granary-compiled'),
  },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
})
