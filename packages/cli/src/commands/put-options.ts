/** What a put and its price are told. */
import type {
  ChainOptions,
  HomeOptions,
  JsonOptions,
  PassphraseOptions,
  QuietOptions,
  SpendingOptions,
} from '../options.ts'
import type { SourceOptions } from './source-options.ts'

export interface QuoteCommandOptions extends HomeOptions, ChainOptions, PassphraseOptions, JsonOptions, SourceOptions {
  readonly duration?: number
  readonly renewUntil?: Date
  readonly copies?: number
  readonly provider?: number
}

export interface PutCommandOptions extends QuoteCommandOptions, QuietOptions, SpendingOptions {
  readonly label?: string
  readonly again?: true
  /** False: `--no-wait`. */
  readonly wait: boolean
  readonly progress: 'text' | 'json' | 'none'
}
