/** The keys of config.json as docs/operations/provider.md has them: a test holds the page to this. */
import { type ConfigKey, describeConfig } from '../src/config-keys.ts'

export async function configTable(path: string): Promise<string> {
  const keys = await describeConfig(path)
  return ['| key | default | takes effect | meaning |', '|---|---|---|---|', ...keys.map(rowOf)].join('\n')
}

function rowOf({ key, value, origin, takesEffect, description }: ConfigKey): string {
  const byDefault = origin === 'file' ? 'required' : value === undefined || value === '' ? '' : JSON.stringify(value)
  return `| \`${key}\` | ${byDefault} | ${takesEffect} | ${description} |`
}
