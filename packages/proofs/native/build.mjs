// Builds the C kernel with the compiler that is there; runs at install, on any Node >= 20, and never fails it. Without
// a compiler, headers or a little-endian CPU the TypeScript twins serve, and build/reason.txt says why.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const native = dirname(fileURLToPath(import.meta.url))
const build = join(native, 'build')
const target = join(build, 'granary-proofs.node')
const reasonFile = join(build, 'reason.txt')
const sources = readdirSync(native)
  .filter((file) => file.endsWith('.c'))
  .map((file) => join(native, file))
// Clang does not know how GCC is told to unroll, and does it by itself.
const warnings = ['-Wall', '-Wextra', '-Werror', '-Wno-unknown-pragmas']

/** Folders that may hold node_api.h: the headers' own package, the npm package of Node, an installed Node. */
function includeFolders() {
  const require = createRequire(import.meta.url)
  const folders = []
  try {
    folders.push(join(dirname(require.resolve('node-api-headers/package.json')), 'include'))
  } catch {
    // Not installed here: a published package comes without its development dependencies.
  }
  for (let folder = native; folder !== dirname(folder); folder = dirname(folder))
    folders.push(join(folder, 'node_modules/node-api-headers/include'), join(folder, 'node_modules/node/include/node'))
  folders.push(join(dirname(process.execPath), '../include/node'), '/usr/include/node', '/usr/local/include/node')
  return folders.filter((folder) => existsSync(join(folder, 'node_api.h')))
}

function compile(compiler, include, output) {
  // Never unloaded: a thread may still be in a sync that nobody waits for (sync.c).
  const elf = ['-shared', '-Wl,-z,nodelete']
  const shared = process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : elf
  const flags = [
    '-std=gnu11',
    '-O3',
    '-fPIC',
    '-fvisibility=hidden',
    '-pthread',
    ...warnings,
    ...shared,
    `-I${include}`,
  ]
  return spawnSync(compiler, [...flags, '-o', output, ...sources], { encoding: 'utf8' })
}

/** Returns why there is no kernel, or nothing. */
function buildKernel() {
  if (process.platform === 'win32') return 'the C kernel is not built on Windows'
  const [include] = includeFolders()
  if (include === undefined) return 'the Node-API headers were not found'
  const temporary = join(build, `granary-proofs.${process.pid}.node`)
  const failures = []
  for (const compiler of [process.env.CC, 'cc', 'gcc', 'clang'].filter(Boolean)) {
    const result = compile(compiler, include, temporary)
    if (result.error !== undefined) continue
    if (result.status !== 0) {
      failures.push(`${compiler}: ${result.stderr.trim().split('\n')[0]}`)
      continue
    }
    const loads = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(temporary)}).hashPairs.name`])
    if (loads.status === 0) {
      renameSync(temporary, target)
      return undefined
    }
    failures.push(`${compiler}: the kernel that it built does not load`)
  }
  rmSync(temporary, { force: true })
  return failures.length > 0 ? failures.join('; ') : 'no C compiler was found (cc, gcc, clang)'
}

try {
  mkdirSync(build, { recursive: true })
  const reason = buildKernel()
  if (reason === undefined) {
    rmSync(reasonFile, { force: true })
    console.log('granary: C kernel built')
  } else {
    rmSync(target, { force: true })
    writeFileSync(reasonFile, `${reason}\n`)
    console.log(`granary: no C kernel (${reason}); the TypeScript kernel serves`)
  }
} catch (error) {
  console.log(`granary: no C kernel (${error.message}); the TypeScript kernel serves`)
}
