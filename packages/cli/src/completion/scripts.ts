/**
 * What a shell has to know: to ask `granary complete`, a line a candidate, and to complete paths where it answers
 * with a colon.
 */
export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** @param call how the program is called, quoted as a shell needs it */
export function completionScript(shell: Shell, call: string): string {
  return { bash, zsh, fish }[shell](call)
}

function bash(call: string): string {
  return `# bash completion of granary: source <(granary completion bash)
_granary() {
  local line files= current=\${COMP_WORDS[COMP_CWORD]} words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = : ]; then files=1; else COMPREPLY+=("\${line%%$'\\t'*}"); fi
  done < <(${call} complete -- "\${words[@]}" 2>/dev/null)
  if [ -n "$files" ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
  fi
}
complete -F _granary granary
`
}

function zsh(call: string): string {
  return `#compdef granary
# zsh completion of granary: source <(granary completion zsh)
_granary() {
  local line files=
  local -a found
  while IFS= read -r line; do
    if [[ $line == : ]]; then files=1; else found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}"); fi
  done < <(${call} complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( $#found )); then _describe granary found; fi
  if [[ -n $files ]]; then _files; fi
}
if [[ $funcstack[1] == _granary ]]; then _granary "$@"; else compdef _granary granary; fi
`
}

function fish(call: string): string {
  return `# fish completion of granary: granary completion fish | source
function __granary_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (${call} complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = :
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c granary -f -a '(__granary_complete)'
`
}
