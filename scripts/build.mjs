// Builds the package that it is run in, from nothing: what an older build left would be published with the new one.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
const { status } = spawnSync('tsc', ['-b'], { stdio: 'inherit', shell: process.platform === 'win32' })
process.exitCode = status ?? 1
