# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # all used, and set, by faults.sh
# faults_table.sh - the scenarios of faults.sh: a prepared team, and commands on it.

# Words that stand in records and passphrases, and nowhere else may stand.
canary='zq7canary|zq7pass'

declare -a names
declare -A items target opener command ends output stray plain quiet reads tells says

# scenario NAME ITEMS VAULT PASS COMMAND - as the tables say; then its details by name=value:
#   out=FILES that appear when it is done    plain=1 an output holds record text
#   reads=1   what it prints is always the same
#   says=REGEX  or that: what a part that failed is called in an answer
#   tells=1   what the checks found names people, on standard error
scenario() {
	local n=$1 d
	names+=("$n")
	output[$n]='' stray[$n]='' plain[$n]='' quiet[$n]='' reads[$n]='' tells[$n]='' says[$n]=''
	items[$n]=$2 target[$n]=$3 opener[$n]=$4 command[$n]=$5
	shift 5
	for d in "$@"; do
		case $d in
		says=*) says[$n]=${d#says=} ;;
		out=*) output[$n]=${d#out=} ;;
		stray=*) stray[$n]=${d#stray=} ;;
		code=*) ends[$n]=${d#code=} ;;
		*=1) declare -gA "${d%=1}[$n]=1" ;;
		esac
	done
}

prepare() {
	local in=$dir/in overrides half
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
	cat >"$in/twins" <<-'END'
		{"id":"per-t1","type":"person","names":["Zq7canary Sovannara"],"born":"1980-02-03","citizenship":["KH"],"note":"ប្រជាពលរដ្ឋកម្ពុជា zq7canary"}
		{"id":"per-t2","type":"person","names":["Zq7canary Sovanara"],"born":"1980-02-03","citizenship":["KH"]}
	END
	printf '%s\n' '{"id":"per-ok","type":"person","names":["zq7canary"]}' \
		'{"id":"per-bad","type":"person","nmes":["zq7canary"]}' '{"id":' >"$in/wrong"
	# Enough lines for the second thread, and enough text for a file beside the vault.
	for ((i = 0; i < 600; i++)); do
		printf '{"id":"per-m%s","type":"person","names":["zq7canary Many %s"]}\n' $i $i
	done >"$in/many"
	local text
	text=$(printf 'zq7canary %.0s' {1..6000})
	for ((i = 0; i < 170; i++)); do
		if [ $((i % 3)) -eq 0 ]; then
			printf '{"id":"per-l%s","type":"person","names":["Long"],"note":"%s"}\n' $i "$text"
		else
			printf '{"id":"act-l%s","type":"act","event":"ev-late","victim":"per-a","kind":"04:030101000000","note":"%s"}\n' $i "$text"
		fi
	done >"$in/long"
	printf '{"id":"ev-late","type":"event","title":"zq7canary late","date":"2024"}\n' >>"$in/long"
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
	# Two that may be one person.
	cp -r office twins
	s twins import "$in/twins"
	# Damaged: without its heads; without its second half.
	cp -r office heads
	dd if=/dev/zero of=heads/data.mdb bs=4096 count=2 conv=notrunc status=none
	cp -r office cut
	half=$(($(stat -c %s cut/data.mdb) / 8192))
	truncate -s $((half * 4096)) cut/data.mdb
	# One that is written after it was copied: of the copy the state folder says more.
	rm -rf home/.local
	cp -r office ahead
	s ahead edit per-b note='zq7canary ahead'
	mkdir older
	cp -r office older/v
	cp -r home older/home
	cp -r ahead noted
	# Of the format before the present one.
	mkdir -m 700 old
	cp "$src/tests/vectors/vault-1/data.mdb" "$src/tests/vectors/vault-1/keys" old
	chmod 600 old/*
	cp "$src/tests/vectors/vault-1/phrase" "$dir/pass.old"
	# One that trusts an exporter from elsewhere, and one that shall.
	cp "$(dirname "$lib")/exporters/lines.so" "$(dirname "$lib")/exporters/titles.so" "$in"
	cp -r office trusting
	s trusting plugin trust "$in/lines.so"
	s trusting plugin distrust ndjson
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
	scenario plugins office office one "$o plugin list" reads=1 'says=not usable: |unreadable'
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
	scenario key-cost two two change '-C two key change --kdf interactive'
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
	scenario verify-quick office office one "$o verify" reads=1
	scenario sorted twins twins one '-C twins --json list --sort -date --fields names,date' reads=1 plain=1
	scenario deleted office office one "$o list --deleted" reads=1 plain=1
	scenario near twins twins one '-C twins find name~Sovanara OR ប្រជាពលរដ្ឋ' reads=1 plain=1
	scenario duplicates twins twins one '-C twins duplicates' reads=1 plain=1
	scenario link twins twins one '-C twins link per-t1 per-t2 --kind same_as --note zq7canary'
	scenario reindex office office one "$o reindex"
	scenario import-many office office one "$o import $in/many"
	scenario import-long office office one "$o import $in/long"
	scenario import-wrong office office one "$o import $in/wrong" code=1 tells=1
	scenario migrate old old old '-C old migrate' 'stray=old/migration'
	scenario repair office saved one "$o repair --to saved"
	scenario repair-heads heads saved one '-C heads repair --to saved' code=3
	scenario repair-cut cut saved one '-C cut repair --to saved' code=3 tells=1
	scenario put-back 'older/v older/home' v one '-C v list' reads=1 plain=1
	scenario put-back-edit 'older/v older/home' v one '-C v edit per-b sex=f'
	scenario noted 'noted home' noted one '-C noted edit per-b sex=f'
	scenario plugin-info office office one "$o plugin info un-sp" reads=1 'says=not usable: |unreadable'
	scenario plugin-trust trusting trusting one "-C trusting plugin trust $in/titles.so"
	scenario plugin-again trusting trusting one "-C trusting plugin trust $(dirname "$program")/../lib/saksi/exporters/ndjson.so"
	scenario plugin-distrust trusting trusting one '-C trusting plugin distrust lines'
	scenario plugin-never trusting trusting one '-C trusting plugin distrust csv'
	scenario plugin-hash '' none one "plugin hash $in/lines.so $in/titles.so" reads=1
	scenario schema '' none one 'schema person' reads=1
	scenario bundle-out office office one "$o bundle write -" plain=1
	scenario ndjson-out office office one "$o export ndjson -o - --ceiling C" plain=1 reads=1
	scenario join 'joiner welcome' joiner one '-C joiner device join welcome'
}

# Whether an error after all was done hides that it was done.
after_silent() { # SCENARIO
	! grep -qE 'was (made|removed|admitted|added|changed|kept|done|written|merged)|is done|was done|are in the vault|has been|Saved|new log|made anew|was migrated|already|change holds|key slots holds|received|command was stopped' ../err ../out
}
# States between before and after that a command may leave, if it says so.
half_is_fine() { # SCENARIO CODE
	[ "$2" -ne 0 ] || return 1
	# Without random numbers the process stops where it is, as if killed: then
	# any command on that vault says that it was interrupted, and how to go on.
	# A long import is written part by part; done again, it goes on.
	[[ $1 != import-@(long|many) ]] || ! grep -qE 'random numbers cannot be read|are in the vault' ../err || return 0
	# What holds in a part is said, and so is a slot that is listed as unfinished.
	[[ $1 != key-* ]] || ! grep -qE 'unfinished|is the old one still|random numbers cannot be read' ../err || return 0
	[[ $1 == init* ]] && grep -q 'was interrupted' now || return 1
	# So it is too when what was made may not be removed.
	grep -q "random numbers cannot be read" ../err || grep -qE '^struck name[@0-9]* [0-9]+ (unlink|unlinkat|rmdir)' "$job/log"
}
# What `verify` finds was said: one of the key file's two copies is behind.
faults_are_told() { # FILE
	! grep '^saksi' "$1" | grep -qvE 'cop(y|ies) of (its|the) key|copies of the key' &&
		grep -qE 'until a command writes|random numbers cannot be read' ../err
}
# An output that stands although the exit code is not 0.
output_is_fine() { # SCENARIO FILE CODE
	# The recovery kit comes before its team; nobody takes it away when the process is stopped.
	[ "$1" = init ] && grep -q 'random numbers cannot be read' ../err
}
