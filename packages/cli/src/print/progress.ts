/**
 * What a command does while it works, on standard error: facts that stay, a line each, and for everything that is under way
 * (a copy, a file) one line, which is rewritten in place on a terminal and told now and then elsewhere. Nobody is left
 * without a word for longer than two seconds, or, in what takes long, than a thirtieth of it.
 */
import type LogUpdate from 'log-update'
import type { ProgramContext } from '../program-context.ts'
import { padTo, widthOf, wrapTo } from './columns.ts'
import { columnsOf } from './columns-of.ts'
import { paint, type Style } from './paint.ts'
import { printable } from './printable.ts'
import { formatBytes, formatMs } from './quantities.ts'
import { createRate, type Rate } from './rate.ts'
import { formatDuration } from './times.ts'

/** A terminal is drawn at most this often. */
const DRAW_MS = 100
/** Of one work, where nothing is rewritten. */
const LINE_MS = 1_000
const BEAT_MS = 2_000
const BEAT_MAX_MS = 60_000
const BEATS_OF_ALL = 30
const TIME_WIDTH = 12
const TITLE_WIDTH = 14
const NARROW_INDENT = '    '
/** Narrower, what is said begins under its title. */
const NARROW_COLUMNS = 100

/** Something that is under way. */
export interface Work {
  /** What it is told apart by: `copy 1`. */
  readonly name: string
  /** What is done with it: `upload`, `sealing, layer 2 of 11`. */
  readonly step: string
  /** Of this step. */
  readonly bytes?: number
  readonly bytesTotal?: number
}

export interface Progress extends Disposable {
  /** A line that stays. */
  say(title: string, text: string, style?: Style): void
  /** Takes the place of what was last shown of that name. */
  show(work: Work): void
  /** Its line goes; what became of it is said. */
  end(name: string): void
  /** While somebody is asked, the line is theirs: nothing is drawn, and silence is no news. */
  asking<T>(question: () => Promise<T>): Promise<T>
  /** Nothing is under way any more, and nobody waits: what may still come is said, and silence is no news. */
  rest(): void
}

export interface ProgressOptions {
  /** `none` for `--quiet`. @default 'text' */
  readonly form?: 'text' | 'none'
  /** When the command began. @default now */
  readonly startMs?: number
  /** @default standard error */
  readonly stream?: NodeJS.WritableStream
  /** Without a word for so long, it is said what is still waited for. */
  readonly beatMs?: number
}

interface Shown {
  readonly work: Work
  readonly rate: Rate
  readonly stepMs: number
  lineMs: number
}

const silent: Progress = {
  say: () => undefined,
  show: () => undefined,
  end: () => undefined,
  asking: (question) => question(),
  rest: () => undefined,
  [Symbol.dispose]: () => undefined,
}

/** Has to be disposed of: it holds a timer, and on a terminal the lines that are rewritten. */
export async function createProgress(
  context: Pick<ProgramContext, 'stderr' | 'env'>,
  { form = 'text', startMs = performance.now(), stream = context.stderr, beatMs = BEAT_MS }: ProgressOptions = {},
): Promise<Progress> {
  if (form === 'none') return silent
  const { env } = context
  const shown = new Map<string, Shown>()
  const live = isLive(stream, env) ? await linesOn(stream as NodeJS.WriteStream) : undefined
  let drawnMs = Number.NEGATIVE_INFINITY
  let spokenMs = performance.now()
  let last = { title: 'start', ms: spokenMs }
  let isAsking = false

  const draw = () => {
    drawnMs = performance.now()
    const columns = columnsOf(stream, env) - 1
    const lines = [...shown.values()].map((each) => lineOf(each, columns))
    if (lines.length === 0) live?.clear()
    else live?.(lines.join('\n'))
  }
  const write = (text: string) => {
    spokenMs = performance.now()
    live?.clear()
    stream.write(`${text}\n`)
    if (live && shown.size > 0) draw()
  }
  const say = (title: string, text: string, style?: Style) => {
    last = { title, ms: performance.now() }
    write(sayingOf(stream, { title, text, style, elapsedMs: last.ms - startMs, columns: columnsOf(stream, env) }))
  }
  const tellLine = (each: Shown) => {
    each.lineMs = performance.now()
    const { name, step } = each.work
    const text = [step, ...measures(each)].join('  ')
    write(sayingOf(stream, { title: name, text, elapsedMs: each.lineMs - startMs, columns: columnsOf(stream, env) }))
  }
  const beat = () => {
    if (isAsking) return
    if (live && shown.size > 0) return draw()
    const nowMs = performance.now()
    const pauseMs = Math.min(Math.max(beatMs, (nowMs - startMs) / BEATS_OF_ALL), BEAT_MAX_MS)
    if (nowMs - spokenMs < pauseMs - beatMs / 4) return
    if (shown.size > 0) return void [...shown.values()].forEach(tellLine)
    const text = `${formatDuration(nowMs - last.ms)} since ${last.title}`
    if (live) return live(cutTo(`${padTo('waiting', TITLE_WIDTH)}  ${text}`, columnsOf(stream, env) - 1))
    write(sayingOf(stream, { title: 'waiting', text, elapsedMs: nowMs - startMs, columns: columnsOf(stream, env) }))
  }
  const timer = setInterval(beat, live ? Math.min(beatMs, 1_000) / 2 : beatMs / 2)
  timer.unref()
  const rest = () => {
    clearInterval(timer)
    shown.clear()
    live?.clear()
  }

  return {
    say,
    show(work) {
      const before = shown.get(work.name)
      const nowMs = performance.now()
      const isNew = before?.work.step !== work.step
      const each: Shown = isNew
        ? { work, rate: createRate(), stepMs: nowMs, lineMs: Number.NEGATIVE_INFINITY }
        : { ...before, work }
      shown.set(work.name, each)
      if (work.bytes !== undefined) each.rate.reach(work.bytes, nowMs)
      if (live) {
        if (isNew || nowMs - drawnMs >= DRAW_MS) draw()
        return
      }
      const isWhole = work.bytes !== undefined && work.bytes === work.bytesTotal
      if (nowMs - each.lineMs >= LINE_MS || (isWhole && before?.work.bytes !== work.bytes)) tellLine(each)
    },
    end(name) {
      if (shown.delete(name) && live) draw()
    },
    async asking(question) {
      live?.clear()
      isAsking = true
      try {
        return await question()
      } finally {
        isAsking = false
        spokenMs = performance.now()
      }
    },
    rest,
    [Symbol.dispose]() {
      rest()
      live?.done()
    },
  }
}

/** Loaded for a terminal alone: what it measures text with takes 25 ms to be there. */
async function linesOn(terminal: NodeJS.WriteStream): Promise<typeof LogUpdate> {
  const { createLogUpdate } = await import('log-update')
  return createLogUpdate(terminal, { showCursor: true })
}

/** Lines are rewritten where somebody watches a screen that can do it. */
function isLive(stream: NodeJS.WritableStream, env: ProgramContext['env']): boolean {
  return (stream as Partial<NodeJS.WriteStream>).isTTY === true && env.TERM !== 'dumb'
}

interface Saying {
  readonly title: string
  readonly text: string
  readonly style?: Style | undefined
  readonly elapsedMs: number
  readonly columns: number
}

function sayingOf(stream: NodeJS.WritableStream, { title, text, style, elapsedMs, columns }: Saying): string {
  const time = paint(stream, 'dim', formatMs(elapsedMs).padStart(TIME_WIDTH))
  const head = padTo(printable(title), TITLE_WIDTH)
  const start = `${time}  ${style ? paint(stream, style, head) : head}`
  const indent = TIME_WIDTH + 2 + Math.max(TITLE_WIDTH, widthOf(head)) + 2
  const words = printable(text)
  if (indent + widthOf(words) <= columns) return `${start}  ${words}`
  if (columns >= NARROW_COLUMNS) return `${start}  ${wrapTo(words, columns - indent).join(`\n${' '.repeat(indent)}`)}`
  return [start.trimEnd(), ...wrapTo(words, columns - NARROW_INDENT.length)].join(`\n${NARROW_INDENT}`)
}

/** Percent, bytes, rate, time left: what is known of them. */
function measures({ work: { bytes, bytesTotal }, rate }: Shown): string[] {
  if (bytes === undefined) return []
  const perSecond = rate.perSecond(performance.now())
  const isWhole = bytes === bytesTotal
  return [
    ...(bytesTotal === undefined ? [] : [`${bytesTotal === 0 ? 100 : Math.floor((bytes * 100) / bytesTotal)} %`]),
    bytesTotal === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(bytesTotal)}`,
    ...(perSecond === undefined ? [] : [`${formatBytes(Math.round(perSecond))}/s`]),
    ...(bytesTotal === undefined || isWhole || !perSecond
      ? []
      : [`${formatDuration(((bytesTotal - bytes) * 1_000) / perSecond)} left`]),
  ]
}

/** On one line: what does not fit is left out, the least telling first. */
function lineOf(each: Shown, columns: number): string {
  const { name, step } = each.work
  const head = `${padTo(printable(name), TITLE_WIDTH)}  ${printable(step)}`
  const known = measures(each)
  const elapsed = known.length === 0 ? [formatDuration(performance.now() - each.stepMs)] : []
  const forms = [[...known, ...elapsed], known.filter((_, i) => i !== 1), known.slice(0, 1), []]
  const lines = forms.map((form) => [head, ...form].join('  '))
  return lines.find((line) => widthOf(line) <= columns) ?? cutTo(head, columns)
}

function cutTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let cut = ''
  for (const character of text) {
    if (widthOf(cut + character) > columns - 1) return `${cut}…`
    cut += character
  }
  return cut
}
