/**
 * Writes the public types of each entry as API Extractor reports them, into the folder that is named, else into
 * `packages/client/api`: what whoever reviews a change of them reads. `src/api-report.slow.test.ts` compares.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'

const packageFolder = fileURLToPath(new URL('..', import.meta.url))
const root = join(packageFolder, '../..')
const manifestPath = join(packageFolder, 'package.json')
const manifest: { readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>> } = JSON.parse(
  readFileSync(manifestPath, 'utf8'),
)

/** `main` for `.`, `node` for `./node`. */
const entries = Object.entries(manifest.exports).map(([name, target]) => ({
  name: name === '.' ? 'main' : name.slice(2),
  source: target['@granary/source']!,
}))

/** Declarations of the client's sources. */
function emitDeclarations(into: string): void {
  const project = join(into, 'tsconfig.json')
  const compilerOptions = { noEmit: false, emitDeclarationOnly: true, declarationMap: false, sourceMap: false }
  const files = entries.map(({ source }) => join(packageFolder, source))
  const options = { ...compilerOptions, rootDir: root, outDir: into }
  writeFileSync(project, JSON.stringify({ extends: join(root, 'tsconfig.base.json'), compilerOptions: options, files }))
  const tsc = join(dirname(createRequire(join(root, 'package.json')).resolve('typescript/package.json')), 'bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`tsc could not make the declarations:\n${stdout}`)
}

function writeReport({ name, source }: (typeof entries)[number], declarations: string, reportFolder: string): void {
  const entry = join(declarations, 'packages/client', source.replace(/\.ts$/, '.d.ts'))
  const compilerOptions = { rewriteRelativeImportExtensions: false, allowImportingTsExtensions: true, noEmit: true }
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: manifestPath,
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: packageFolder,
      mainEntryPointFilePath: entry,
      compiler: { overrideTsconfig: { extends: join(root, 'tsconfig.base.json'), compilerOptions, files: [entry] } },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder,
        reportTempFolder: join(declarations, 'reports'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      // The comments have a test of their own.
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  })
  const problems: string[] = []
  const { errorCount } = Extractor.invoke(config, {
    localBuild: true,
    messageCallback(message) {
      message.handled = true
      if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.text)
    },
  })
  if (errorCount + problems.length > 0)
    throw new Error(`the types of ${source} could not be read:\n${problems.join('\n')}`)
}

const [reportFolder = join(packageFolder, 'api')] = process.argv.slice(2)
mkdirSync(reportFolder, { recursive: true })
// What lies in a node_modules would be somebody else's: the folder is elsewhere, and has links to the dependencies.
const into = mkdtempSync(join(tmpdir(), 'granary-api-'))
try {
  for (const folder of ['', 'packages/client']) {
    mkdirSync(join(into, folder), { recursive: true })
    symlinkSync(join(root, folder, 'node_modules'), join(into, folder, 'node_modules'))
  }
  emitDeclarations(into)
  for (const entry of entries) writeReport(entry, into, reportFolder)
} finally {
  rmSync(into, { recursive: true })
}
