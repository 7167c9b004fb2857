#compdef granary
# zsh completion of granary: source <(granary completion zsh)
_granary() {
  local line files=
  local -a found
  while IFS= read -r line; do
    if [[ $line == : ]]; then files=1; else found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}"); fi
  done < <(@GRANARY@ complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( $#found )); then _describe granary found; fi
  if [[ -n $files ]]; then _files; fi
}
if [[ $funcstack[1] == _granary ]]; then _granary "$@"; else compdef _granary granary; fi
