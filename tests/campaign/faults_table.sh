# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # all used, and set, by faults.sh
# faults_table.sh - the scenarios of faults.sh: a prepared team, and commands on it.

# Words that stand in records and passphrases, and nowhere else may stand.
canary='zq7canary|zq7pass'

declare -a names
declare -A items target opener command ends output stray plain quiet reads tells

# scenario NAME ITEMS VAULT PASS COMMAND - as the tables say; then its details by name=value:
#   out=FILES that appear when it is done    plain=1 an output holds record text
#   reads=1   what it prints is always the same
#   tells=1   what the checks found names people, on standard error
scenario() {
	local n=$1 d
	names+=("$n")
	output[$n]='' stray[$n]='' plain[$n]='' quiet[$n]='' reads[$n]='' tells[$n]=''
	items[$n]=$2 target[$n]=$3 opener[$n]=$4 command[$n]=$5
	shift 5
	for d in "$@"; do
		case $d in
		out=*) output[$n]=${d#out=} ;;
		stray=*) stray[$n]=${d#stray=} ;;
		code=*) ends[$n]=${d#code=} ;;
		*=1) declare -gA "${d%=1}[$n]=1" ;;
		esac
	done
}

prepare() {
	local in=$dir/in overrides
	printf 'zq7pass the first of them\n' >"$dir/pass.one"
	printf 'zq7pass the second of them\n' >"$dir/pass.two"
	printf 'zq7pass the first of them\nzq7pass the second of them\n' >"$dir/pass.change"
	mkdir "$in" home run share
	cat >"$in/base" <<-'END'
		{"id":"ev-a","type":"event","title":"zq7canary march","date":"2024-03-08"}
		{"id":"per-a","type":"person","names":["zq7canary Dara"],"note":"zq7canary of the first","class":"P"}
		{"id":"per-b","type":"person","names":["zq7canary Bopha"],"citizenship":["KH"]}
		{"id":"per-del","type":"person","names":["zq7canary Chan"]}
		{"id":"act-a","type":"act","event":"ev-a","victim":"per-a","kind":"04:030101000000","date":"2024-03-08"}
		{"id":"chg-a","type":"charge","event":"ev-a","accused":["per-a","per-b"],"label_stated":"zq7canary incitement"}
	END
	cat >"$in/more" <<-'END'
		{"id":"per-n1","type":"person","names":["zq7canary New One"],"note":"zq7canary of the new one"}
		{"id":"per-n2","type":"person","names":["zq7canary New Two"]}
		{"id":"act-n","type":"act","event":"ev-a","victim":"per-n1","kind":"04:030101000000","date":"2025"}
	END
	printf '{"names":["zq7canary From File"],"note":"zq7canary in a file"}\n' >"$in/record"
	s office init --name Dara --device office --kdf interactive --recovery kit
	s office import "$in/base"
	s office delete per-del --reason 'entered twice'
	s field init --name Sophea --device field --kdf interactive
	s field device request -o request.field
	s office device add request.field --role editor -o welcome.field
	s field device join welcome.field
	s office bundle write b0
	s field bundle read b0
	s office edit per-a sex=m
	s field edit per-a sex=f
	s field bundle write b1
	s office bundle read b1
	s office bundle write b2
	s field bundle read b2
	s office add intervention kind=20:010000000000 form=un-sp about=per-a \
		'submitter={"name":"Dara","organisation":"Office","email":"office@example.org"}' \
		--ref int-a class=P
	# What field has and office has not, as a file and in a shared folder.
	s field edit per-b note='zq7canary from the field' occupation+=driver
	s field add person names='zq7canary Only There' --ref per-field
	s field bundle write from-field
	s field sync dir:share
	# Devices on their way in.
	cp -r office asking-office
	s joiner init --name Vanna --device joiner --kdf interactive
	s joiner device request -o request
	s asking-office device add request --role editor -o welcome
	s fresh init --name Rith --device fresh --kdf interactive
	# A second way in, to be removed.
	cp -r office two
	run '' /dev/null change -C two key add passphrase >/dev/null 2>>"$dir/log" || die "key add"
	overrides=$(run '' /dev/null one -C office --json export un-sp --for int-a --check 2>/dev/null |
		grep -oE '"check":"[A-Z0-9]+","level":"block"' |
		sed -E 's/.*:"([A-Z0-9]+)","level.*/--override \1/' | sort -u | tr '\n' ' ')
	find . -name lock.mdb -delete
	table "$in" "$overrides"
}

table() { # INPUTS OVERRIDES
	local in=$1 o='-C office'
	scenario init '' made one '-C made init --name Dara --device d --kdf interactive --recovery made.kit' \
		out='made.kit'
	scenario init-mkdirs '' a/b/made one '-C a/b/made init --name Dara --device d --kdf interactive'
	scenario status office office one "$o --json status" reads=1
	scenario show office office one "$o show per-a" reads=1 plain=1
	scenario list office office one "$o --json list" reads=1 plain=1
	scenario find office office one "$o find zq7canary" reads=1 plain=1
	scenario timeline office office one "$o timeline per-a" reads=1 plain=1
	scenario history office office one "$o history per-a" reads=1 plain=1
	scenario conflicts office office one "$o conflicts" reads=1 plain=1
	scenario verify office office one "$o verify --deep" reads=1
	scenario keys office office one "$o key list" reads=1
	scenario devices office office one "$o device list" reads=1
	scenario plugins office office one "$o plugin list" reads=1
	scenario audit office office one "$o audit" reads=1
	scenario add office office one "$o add person names=zq7canary --ref per-new"
	scenario add-json office office one "$o add person --from-json $in/record --ref per-new"
	scenario edit office office one "$o edit per-b note=zq7canary born=1980 citizenship+=TH"
	scenario delete office office one "$o delete per-b --reason twice"
	scenario undelete office office one "$o undelete per-del"
	scenario resolve office office one "$o resolve per-a sex=m"
	scenario import office office one "$o import $in/more"
	scenario import-dry office office one "$o import --dry-run $in/more"
	scenario import-again office office one "$o import $in/base"
	scenario key-add office office change "$o key add passphrase --label second"
	scenario key-change office office change "$o key change"
	scenario key-remove two two one '-C two key remove 1'
	scenario unlock office office one "$o unlock --for 1m"
	scenario lock office office one "$o lock"
	scenario ndjson office office one "$o export ndjson -o got --ceiling C" out=got plain=1
	scenario csv office office one "$o export csv -o got --ceiling C" out=got plain=1
	[ -z "$2" ] ||
		scenario un-sp office office one "$o export un-sp --for int-a -o got.txt $2--reason test" out=got.txt plain=1 tells=1
	scenario un-sp-check office office one "$o export un-sp --for int-a --check" code=5 plain=1 tells=1
	scenario bundle-write office office one "$o bundle write got" out=got
	scenario bundle-read 'office from-field' office one "$o bundle read from-field"
	scenario send 'office share' office one "$o sync dir:share" 'stray=share/'
	scenario request fresh fresh one '-C fresh device request -o got' out=got
	scenario device-add 'office request' office one "$o device add request --role editor -o got" out=got
	scenario join 'joiner welcome' joiner one '-C joiner device join welcome'
}

# Whether an error after all was done hides that it was done.
after_silent() { # SCENARIO
	! grep -qE 'was (made|admitted|added|changed|kept|done|written|merged)|is done|was done|are in the vault|has been|already|change holds|received|command was stopped' ../err ../out
}
# States between before and after that a command may leave, if it says so.
half_is_fine() { # SCENARIO CODE
	# Without random numbers the process stops where it is, as if killed: then
	# any command on that vault says that it was interrupted, and how to go on.
	# A key slot that the disk did not take is listed as unfinished.
	[ "$2" -eq 0 ] || [[ $1 != key-* ]] || ! grep -q '"kind":"unfinished"' now || return 0
	[[ $1 == init* ]] && grep -q "random numbers cannot be read" ../err && grep -q 'was interrupted' now
}
# An output that stands although the exit code is not 0.
output_is_fine() { # SCENARIO FILE CODE
	return 1
}
