/** Figures with all that makes them comparable. */
import type { Figure } from '@granary/bench/proofs'
import type { JsonOptions } from '../../options.ts'
import { printResult } from '../../print/result.ts'
import { formatTable } from '../../print/table.ts'
import type { CommandContext } from '../../program-context.ts'

export function printFigures(context: CommandContext, figures: readonly Figure[], { json }: JsonOptions): void {
  const text = () =>
    `${formatTable(['figure', 'min', 'median', 'max', '', 'ratio'], figures.map(row))}\n${machine(figures)}`
  printResult(context, { figures }, { json: json ?? false, text })
}

function row({ name, min, median, max, unit, clock, ratio }: Figure): string[] {
  return [
    name,
    `${min}`,
    `${median}`,
    `${max}`,
    clock === 'wall' ? unit : `${unit} of processor`,
    ratio ? `${ratio.min} to ${ratio.max}, median ${ratio.median} × ${ratio.of}` : '',
  ]
}

function machine(figures: readonly Figure[]): string {
  const [{ kernel, cpu, runs, u }] = figures as [Figure]
  return `kernel ${kernel}, ${cpu}, ${runs} runs, U = ${u} ns`
}
