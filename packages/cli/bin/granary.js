#!/usr/bin/env node
// Plain JavaScript, so that any Node can start it and say what is missing. In a checkout it becomes a Node that runs the
// TypeScript sources; installed from a registry, it runs what was built.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
// Whole: an old Node has not all names of it, and would end with a stack instead of saying that it is old.
import * as module from 'node:module'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR_MIN = 24
const source = fileURLToPath(new URL('../src/main.ts', import.meta.url))
// What is published has its sources too, for debuggers; Node strips no types inside node_modules.
const isCheckout = existsSync(new URL('../tsconfig.json', import.meta.url))

// What runs for months, with threads: with an arena for each of them glibc keeps 20 to 40 MB more of one that is idle, and
// what passes through it lies outside of V8's heap, which needs little room for garbage. Both are fixed when a process starts.
const isProvider = process.argv.some((word, at) => word === 'provider' && process.argv[at + 1] === 'run')
// With the default of 16 MiB what passes through a large put stands in memory longer, for nothing: a fifth of its peak.
const young = `--max-semi-space-size=${isProvider ? 4 : 8}`
const isSized = process.execArgv.some((flag) => flag.startsWith('--max-semi-space-size'))
// Each read of a disk that hangs keeps a thread of those that all work with files shares: four, by default.
const ownEnv = isProvider ? { MALLOC_ARENA_MAX: '2', UV_THREADPOOL_SIZE: '64', ...process.env } : process.env

/** Returns only where a process cannot become another. */
function become(args, env) {
  if (!process.execve) return
  // The call warns that it is experimental, to whoever still listens when it returns: it does not return.
  process.removeAllListeners('warning')
  process.execve(process.execPath, [process.execPath, ...args], env)
}

function becomeSource() {
  const flags = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning', young]
  // Types are stripped and code is compiled once, not at each start.
  const compiled = fileURLToPath(new URL('../../../node_modules/.granary-compiled', import.meta.url))
  const env = { NODE_COMPILE_CACHE: compiled, ...ownEnv }
  const args = [...flags, source, ...process.argv.slice(2)]
  become(args, env)
  const child = spawn(process.execPath, args, { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
}

if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
  process.stderr.write(
    `granary needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version} (${process.execPath}).\n` +
      'In a checkout, run `npx granary`, which uses the Node that the repository brings; else install a newer Node.\n',
  )
  process.exitCode = 1
} else if (isCheckout) {
  becomeSource()
} else {
  if (isProvider && !isSized) become([...process.execArgv, young, ...process.argv.slice(1)], ownEnv)
  // Who wants to see stacks has them in terms of the sources; to read the maps is nothing for each start.
  if (process.env.GRANARY_DEBUG) process.setSourceMapsEnabled(true)
  module.enableCompileCache()
  await import('../dist/main.js')
}
