/** The texts that stand in a source: string literals and templates, a hole of a template as `…`. Comments are none. */
export function literalsOf(source: string): string[] {
  const literals: string[] = []
  let at = 0
  readCode(false)
  return literals

  /** @param inHole ends at the brace that closes the hole of a template */
  function readCode(inHole: boolean): void {
    let depth = 0
    let before = ''
    for (; at < source.length; at += 1) {
      const sign = source[at]!
      const two = source.slice(at, at + 2)
      if (two === '//') skipTo('\n')
      else if (two === '/*') skipTo('*/')
      else if (sign === '/' && (before === '' || '(,=:[!&|?{};+>'.includes(before))) readPattern()
      else if (sign === "'" || sign === '"') literals.push(readText(sign))
      else if (sign === '`') literals.push(readText('`'))
      else if (sign === '{') depth += 1
      else if (sign === '}') {
        if (inHole && depth === 0) return
        depth -= 1
      }
      if (source[at]?.trim()) before = source[at]!
    }
  }

  function readText(quote: string): string {
    let text = ''
    for (at += 1; at < source.length && source[at] !== quote; at += 1) {
      if (source[at] === '\\') at += 1
      else if (quote === '`' && source.startsWith('${', at)) {
        at += 2
        readCode(true)
        text += '…'
        continue
      }
      text += source[at]
    }
    return text
  }

  function readPattern(): void {
    let inClass = false
    for (at += 1; at < source.length && (inClass || source[at] !== '/'); at += 1) {
      if (source[at] === '\\') at += 1
      else if (source[at] === '[') inClass = true
      else if (source[at] === ']') inClass = false
    }
  }

  function skipTo(end: string): void {
    const found = source.indexOf(end, at + 2)
    at = found < 0 ? source.length : found + end.length - 1
  }
}
