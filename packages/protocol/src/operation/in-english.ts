/** What a schema says of a value that does not fit: zod/mini, which is what a browser can afford, has no words of its own. */
import type * as z from 'zod/mini'
// One language by its file: `z.locales` keeps all of them in every bundle.
import en from 'zod/v4/locales/en.js'

/** `schema.parse(value, inEnglish)`. What a schema says itself, where it does, comes first. */
export const inEnglish: z.core.ParseContext<z.core.$ZodIssue> = { error: en().localeError }
