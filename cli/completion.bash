# bash completion for kdwalk
_kdwalk()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    local live="-k -r -z --key --key-file --stop --at -w --timeout --deadline --wait --stats --json --help" options

    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "vertarget lm loggers silos jobs sessions ps cpu providers layers snapshot check diff watch report dt read decode symbols help --help --version" -- "$cur")
        return
    fi
    case $prev in
    --key-file | -r | -w | -z | -o | --providers) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    -y | --isf | --save) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
    -k)
        mapfile -t COMPREPLY < <(compgen -W "net:port= com:port=/dev/ttyS0,baud=115200 com:pipe,port= com:ipport=" -- "$cur")
        return
        ;;
    --after-bugcheck) mapfile -t COMPREPLY < <(compgen -W "stay go" -- "$cur"); return ;;
    --only)
        if [ "$command" = watch ]; then
            mapfile -t COMPREPLY < <(compgen -W "loggers providers silos ps checks" -- "$cur")
            return
        fi
        mapfile -t COMPREPLY < <(compgen -W "pokes handshake control breakins stops requests replies reads writes registers prints files damaged" -- "$cur")
        return
        ;;
    --key | --stop | --at | --timeout | --deadline | --silo | --logger | --process | --dtb | --every | --count | --for | --freeze-budget | --on-module | --on-print) return ;;
    esac
    case $command in
    vertarget | lm) options="$live -y --isf --verbose" ;;
    loggers) options="$live -y --isf --silo --verbose" ;;
    silos | sessions | cpu) options="$live -y --isf --verbose" ;;
    jobs | ps) options="$live -y --isf --tree --verbose" ;;
    providers) options="$live -y --isf --silo --logger --process --providers --verbose" ;;
    layers) options="$live -y --isf --providers --verbose" ;;
    check) options="$live -y --isf --verbose" ;;
    snapshot) options="$live -y --isf -o --verbose" ;;
    watch) options="$live -y --isf --every --count --for --only --freeze-budget --on-module --on-print --after-bugcheck --save --verbose" ;;
    report) options="$live -y --isf -o --providers --verbose" ;;
    diff) options="-y --isf --json --verbose --help" ;;
    dt) options="$live -y --isf --process --dtb --verbose" ;;
    read) options="$live -y --isf --process --dtb --raw --verbose" ;;
    symbols) options="which fetch list export $live -y --isf -o --verbose" ;;
    decode) options="--key --key-file -y --isf --only --json --help" ;;
    help) options="vertarget lm loggers silos jobs sessions ps cpu providers layers snapshot check diff watch report dt read decode symbols" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    if [[ ($command = decode || $command = diff || $command = report || $prev = export) && $cur != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}
complete -F _kdwalk kdwalk
