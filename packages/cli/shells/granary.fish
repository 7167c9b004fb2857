# fish completion of granary: granary completion fish | source
function __granary_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (@GRANARY@ complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = :
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c granary -f -a '(__granary_complete)'
