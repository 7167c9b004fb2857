/** What a node counts and measures, as Prometheus reads it: text format 0.0.4. https://prometheus.io/docs/instrumenting/exposition_formats/ */

export type Labels = Readonly<Record<string, string>>

export interface Metrics {
  /** Adds 1, or `by`. */
  counter(name: string, help: string): (labels?: Labels, by?: number) => void
  /** Read when it is asked for; left out while it is undefined. */
  gauge(name: string, help: string, read: () => number | undefined): void
  /** Sums and counts what it is given, by upper bounds in its own unit. */
  histogram(name: string, help: string, bounds: readonly number[]): (value: number, labels?: Labels) => void
  text(): string
}

interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  samples(): readonly string[]
}

interface Distribution {
  readonly labels: Labels
  /** Of values up to each bound; the last are all. */
  readonly counts: number[]
  sum: number
}

/** A metric has one line for each set of labels; more sets than this are a mistake, and counted as one. */
const LABEL_SETS_MAX = 500
const OTHER: Labels = { other: 'true' }

export function createMetrics(): Metrics {
  const metrics: Metric[] = []
  return {
    counter(name, help) {
      const values = new Map<string, { readonly labels: Labels; value: number }>()
      metrics.push({
        name,
        help,
        type: 'counter',
        samples: () => [...values.values()].map(({ labels, value }) => sample(name, labels, value)),
      })
      return (labels = {}, by = 1) => {
        entryOf(values, labels, (own) => ({ labels: own, value: 0 })).value += by
      }
    },
    gauge(name, help, read) {
      const samples = () => {
        const value = read()
        return value === undefined ? [] : [sample(name, {}, value)]
      }
      metrics.push({ name, help, type: 'gauge', samples })
    },
    histogram(name, help, bounds) {
      const limits = [...bounds, Number.POSITIVE_INFINITY]
      const distributions = new Map<string, Distribution>()
      metrics.push({
        name,
        help,
        type: 'histogram',
        samples: () => [...distributions.values()].flatMap((of) => distributionSamples(name, limits, of)),
      })
      return (value, labels = {}) => {
        const of = entryOf(distributions, labels, (own) => ({ labels: own, counts: limits.map(() => 0), sum: 0 }))
        of.sum += value
        for (const [index, limit] of limits.entries()) if (value <= limit) of.counts[index]! += 1
      }
    },
    text: () =>
      metrics
        .flatMap(({ name, help, type, samples }) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples()])
        .join('\n')
        .concat('\n'),
  }
}

function entryOf<T>(entries: Map<string, T>, labels: Labels, create: (labels: Labels) => T): T {
  const known = entries.get(JSON.stringify(labels))
  if (known !== undefined) return known
  const own = entries.size < LABEL_SETS_MAX ? labels : OTHER
  const key = JSON.stringify(own)
  const entry = entries.get(key) ?? create(own)
  entries.set(key, entry)
  return entry
}

function distributionSamples(name: string, limits: readonly number[], { labels, counts, sum }: Distribution): string[] {
  const buckets = limits.map((limit, index) =>
    sample(
      `${name}_bucket`,
      { ...labels, le: limit === Number.POSITIVE_INFINITY ? '+Inf' : String(limit) },
      counts[index]!,
    ),
  )
  return [...buckets, sample(`${name}_sum`, labels, sum), sample(`${name}_count`, labels, counts.at(-1)!)]
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
