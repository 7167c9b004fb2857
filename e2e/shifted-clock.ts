/** Imported before a program: its machine's clock is off by the milliseconds in the file that GRANARY_TEST_CLOCK names, at each look. */
import { readFileSync } from 'node:fs'

const machine = Date.now
const path = process.env.GRANARY_TEST_CLOCK

if (path !== undefined) Date.now = () => machine() + Number(readFileSync(path, 'utf8'))
