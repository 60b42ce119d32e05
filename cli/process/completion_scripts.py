"""The scripts that make a shell ask us for completions, by the name of the shell.

Each asks ``manyfest __complete WORDS...``, and gets a candidate a line, with a description behind a
tab, and a directive last: ``:4`` forbids names of files, ``:0`` asks for them.
"""

_BASH = r"""# bash completion for manyfest: eval "$(manyfest completion bash)"
_manyfest() {
    local line=${COMP_LINE:0:COMP_POINT} candidate directive=4 current prefix
    local -a words
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    current=${words[${#words[@]}-1]}
    prefix=${current%"${current##*[:=]}"}  # bash replaces what follows the last : or = only
    COMPREPLY=()
    while IFS= read -r candidate; do
        if [[ $candidate =~ ^:[0-9]+$ ]]; then
            directive=${candidate#:}
        else
            candidate=${candidate%%$'\t'*}
            COMPREPLY+=("${candidate#"$prefix"}")
        fi
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
    if [[ $directive == 0 ]]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done \
            < <(compgen -f -- "${current##*[:=]}")
    fi
}
complete -F _manyfest manyfest
"""

_ZSH = r"""#compdef manyfest
# zsh completion for manyfest: eval "$(manyfest completion zsh)", after compinit
_manyfest() {
    local -a lines candidates
    local line directive=4
    lines=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    for line in "${lines[@]}"; do
        if [[ $line =~ '^:[0-9]+$' ]]; then
            directive=${line#:}
        elif [[ $line == *$'\t'* ]]; then
            candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        elif [[ -n $line ]]; then
            candidates+=("${line//:/\\:}")
        fi
    done
    (( ${#candidates} )) && _describe -V manyfest candidates
    [[ $directive == 0 ]] && _files
    return 0
}
if [[ ${funcstack[1]} == _manyfest ]]; then
    _manyfest
else
    compdef _manyfest manyfest
fi
"""

_FISH = r"""# fish completion for manyfest: manyfest completion fish | source
function __manyfest_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    test -n "$current"; or set current ""
    for line in ($words[1] __complete $words[2..-1] $current 2>/dev/null)
        if string match -qr '^:[0-9]+$' -- $line
            test $line = :0; and __fish_complete_path $current
        else
            echo $line
        end
    end
end
complete -c manyfest -f -a '(__manyfest_complete)'
"""

_POWERSHELL = r"""# PowerShell completion for manyfest, in $PROFILE:
#   manyfest completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName manyfest -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
    if (-not $wordToComplete) { $words += '' }
    & manyfest __complete @words 2>$null | Where-Object { $_ -notmatch '^:\d+$' } | ForEach-Object {
        $name, $text = $_ -split "`t", 2
        if (-not $text) { $text = $name }
        [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $text)
    }
}
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}
