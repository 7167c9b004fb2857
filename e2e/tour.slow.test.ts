/**
 * The README's tour as a new user takes it: `npm start` in a terminal, its commands from another terminal and from a pipe, with
 * nothing set and no home of their own but an empty one.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { repository } from './harness.ts'
import { commandsBelow } from './readme.ts'

const run = promisify(execFile)
const MINUTES = 60_000
const LOOK_MS = 250

const isThere = spawnSync('tmux', ['-V']).status === 0
const inTerminal = isThere ? test : test.skip
const why = isThere ? '' : ': there is no tmux here'

let home: string
let server: string
let env: NodeJS.ProcessEnv

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'granary-tour-'))
  server = join(home, 'tmux')
  const { PATH } = process.env
  env = { PATH, HOME: home, TERM: 'xterm-256color', LANG: 'C.UTF-8' }
})
afterAll(() => {
  if (isThere) spawnSync('tmux', ['-S', server, 'kill-server'])
  rmSync(home, { recursive: true, force: true })
})

function tmux(...args: readonly string[]): string {
  return execFileSync('tmux', ['-S', server, ...args], { env, cwd: repository, encoding: 'utf8' })
}

/** A window that stays when its program ends, with what it wrote, long lines joined. */
function open(name: string, command: string, columns: number): void {
  const size = ['-x', `${columns}`, '-y', '50']
  tmux('new-session', '-d', '-s', name, ...size, `trap : INT; ${command}; echo "ended with $?"; sleep 600`)
  tmux('set-option', '-t', name, 'history-limit', '5000')
}

async function shown(name: string, pattern: RegExp, withinMs: number): Promise<string> {
  const untilMs = performance.now() + withinMs
  for (;;) {
    const screen = tmux('capture-pane', '-p', '-J', '-S', '-', '-t', name)
    if (pattern.test(screen)) return screen
    if (performance.now() > untilMs) throw new Error(`${name} never showed ${pattern}:\n${screen}`)
    await wait(LOOK_MS)
  }
}

inTerminal(
  `the tour of the README works as it is written, in a terminal and in a pipe${why}`,
  async () => {
    open('demo', 'npm start', 100)
    const screen = await shown('demo', /Ctrl-C stops everything/, 4 * MINUTES)
    expect(screen).toContain('every byte as in')
    expect(screen).toContain('  npx granary put FILE\n')

    const [put, ...rest] = commandsBelow('From another terminal')
    // A terminal of 60 columns; no line of what is told there is wider, but for what is to be copied.
    open('put', put!, 60)
    const story = await shown('put', /ended with \d+/, 2 * MINUTES)
    expect(story).toMatch(/ended with 0/)
    const [cid] = /^bafy?[a-z0-9]{50,}$/m.exec(story) ?? []
    expect(cid).toBeDefined()
    const told = story.split('\n').filter((line) => !/bafy?|0x|http|\/tmp/.test(line))
    expect(told.filter((line) => line.trimEnd().length > 60)).toEqual([])

    const copy = join(home, 'copy.md')
    for (const command of rest) {
      const typed = command.replace('CID', cid!).replace('/tmp/copy.md', copy)
      const { stdout } = await run('sh', ['-c', typed], { cwd: repository, env })
      expect({ typed, isSilent: stdout === '' }).toEqual({ typed, isSilent: false })
      expect(stdout).not.toContain('\u001b')
    }
    expect(readFileSync(copy)).toEqual(readFileSync(join(repository, 'README.md')))

    tmux('send-keys', '-t', 'demo', 'C-c')
    await shown('demo', /ended with \d+/, MINUTES)
    expect(readdirSync(join(home, '.local/share/granary/networks'))).toEqual([])
  },
  8 * MINUTES,
)
