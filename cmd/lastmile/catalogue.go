package main

import (
	"fmt"
	"os"
	"strings"

	"lastmile/loopcheck"
)

// text is a sentence of explain. Every one stands in the catalogue, in English
// and in Japanese, the first user's language.
type text int

const (
	textWay text = iota
	textFrom
	textFetches
	textFor
	textClock
	textStampHere
	textSkipped
	textForeign
	textRefused
	textHops
	textDelivered
	textWouldLoop
	textWouldNot
	textNoStamps
	textReturned
	textBecause
	textCure
	textEvidence
	textCounts
	textNeverCounts
	textCauseIs
	numberOfTexts
)

// language is an index into the catalogue.
type language int

const (
	english language = iota
	japanese
)

var catalogue = [numberOfTexts][2]string{
	textWay:         {"The way of the message, the oldest hop first:", "メッセージがたどった経路（古い順）:"},
	textFrom:        {"sent it", "送信元"},
	textFetches:     {"%s collects it from the mailbox", "%s がメールボックスから取り込む"},
	textFor:         {"for %s", "宛先 %s"},
	textClock:       {"the clock goes back", "時計が逆行"},
	textStampHere:   {"stamped for the recipient", "受信者宛ての刻印"},
	textSkipped:     {"of this delivery, not counted", "今回の配送のもの（数えない）"},
	textForeign:     {"not of this installation, not counted", "この環境の刻印ではない（数えない）"},
	textRefused:     {"delivery to %s: already stamped in line %d", "%s への配送: %d 行目にすでに刻印がある"},
	textHops:        {"delivery to %s: %d hops, %d are too many", "%s への配送: ホップ数 %d（上限 %d）"},
	textDelivered:   {"delivery to %s: no loop", "%s への配送: ループなし"},
	textWouldLoop:   {"A delivery to %s would loop (line %d).", "%s に配送するとループになります（%d 行目）。"},
	textWouldNot:    {"A delivery to %s would not loop.", "%s に配送してもループになりません。"},
	textNoStamps:    {"No Delivered-To field in the message: no delivery of it would loop.", "Delivered-To フィールドがないので、どこに配送してもループになりません。"},
	textReturned:    {"This is a bounce; the way is that of the message which it returns.", "これはバウンスです。返送された元のメッセージの経路を示します。"},
	textBecause:     {"Why: ", "原因: "},
	textCure:        {"Cure: ", "対処: "},
	textEvidence:    {"Evidence: line %s", "根拠: %s 行目"},
	textCounts:      {"with %s it counts", "%s を付けると数えます"},
	textCauseIs:     {" Cause: %s.", "原因: %s。"},
	textNeverCounts: {"it differs in the composition of its letters, which no option equates", "文字の合成の違いなので、どのオプションでも同じとは見なしません"},
}

// causeText says what a cause means, and what to do; the values are those of
// causeValues.
type causeText struct{ why, cure [2]string }

var causes = map[loopcheck.Cause]causeText{
	loopcheck.ProviderStamp: {
		why:  [2]string{"The provider has delivered the message to a mailbox of the same address and stamped it; {fetcher} has collected it from there and sent it on to that address. Nothing loops.", "プロバイダが同じアドレスのメールボックスに配送して刻印し、それを {fetcher} が取り込んで同じアドレスへ送り直しました。実際のループではありません。"},
		cure: [2]string{"{fetchercure}; or lastmile deliver --trust own, which counts only stamps made here, in a transport of Postfix or as the MDA of {fetcher}: before mailbox_command Postfix itself refuses.", "{fetchercure}。または lastmile deliver --trust own（ここで押した刻印だけを数える）を Postfix のトランスポートか {fetcher} の MDA として使います。mailbox_command では Postfix が先に断ります。"},
	},
	loopcheck.ThisHop: {
		why:  [2]string{"The stamp on top was written for this very delivery by whoever handed the message over, or the message was taken from the mailbox it had been delivered to.", "いちばん上の刻印は、メッセージを渡した側が今回の配送のために書いたものか、配送済みのメールボックスから取り出したメッセージのものです。"},
		cure: [2]string{"lastmile deliver --stamped-by mta; or let the caller not stamp ({callercure}).", "lastmile deliver --stamped-by mta を使うか、渡す側で刻印しないようにします（{callercure}）。"},
	},
	loopcheck.TrueLoop: {
		why:  [2]string{"The message was delivered to the recipient and came back: {chain}.", "メッセージは受信者に配送されたあと戻ってきました: {chain}。"},
		cure: [2]string{"Look at what forwards mail of {recipient} (its .forward, alias or filter), and at the forward of {last} that sends it back; remove one of them.", "{recipient} の転送設定（.forward、alias、フィルタ）と、戻してくる {last} の転送設定を調べ、どちらかを外します。"},
	},
	loopcheck.Resent: {
		why:  [2]string{"The message was delivered to the recipient before, and then somebody sent it again.", "いちど配送されたメッセージを、誰かが再送しました。"},
		cure: [2]string{"lastmile deliver --on-loop deliver, or --trust own; or resend it without its Delivered-To fields.", "lastmile deliver --on-loop deliver か --trust own を使うか、Delivered-To を除いて再送します。"},
	},
	loopcheck.Reinjected: {
		why:  [2]string{"The stamp is {age} older than the newest hop: the message comes from an archive or an old mailbox.", "刻印は最新のホップより {age} 古く、アーカイブか古いメールボックスから来たメッセージです。"},
		cure: [2]string{"lastmile deliver --on-loop deliver for the restoring, or remove the Delivered-To fields on the way (Postfix header_checks: /^Delivered-To:/ IGNORE).", "復元のあいだ lastmile deliver --on-loop deliver を使うか、途中で Delivered-To を除きます（Postfix header_checks: /^Delivered-To:/ IGNORE）。"},
	},
	loopcheck.ForeignStamp: {
		why:  [2]string{"No host of ours had handled the message when the stamp was written: another site has stamped this address, or the author of the message has, by mistake or to have it refused.", "刻印より前に、こちらのホストを経由していません。別のサイトがこのアドレスを刻印したか、差出人が（誤って、または拒否させるために）書いたものです。"},
		cure: [2]string{"lastmile deliver --trust own, which counts only stamps made here, in a transport of Postfix: before mailbox_command Postfix itself refuses.", "lastmile deliver --trust own（ここで押した刻印だけを数える）を Postfix のトランスポートで使います。mailbox_command では Postfix が先に断ります。"},
	},
	loopcheck.OtherStamp: {
		why:  [2]string{"The stamps name other addresses: a list or a forward has kept them. That is no loop.", "刻印は別のアドレスのもので、メーリングリストや転送が残したものです。ループではありません。"},
		cure: [2]string{"none is needed.", "不要です。"},
	},
	loopcheck.NearMiss: {
		why:  [2]string{"A stamp means the recipient, but is written in another way, which is no loop to Postfix.", "同じ受信者を指す刻印がありますが表記が異なるため、Postfix の規則ではループになりません。"},
		cure: [2]string{"none is needed; {match}.", "不要です。{match}。"},
	},
	loopcheck.TooManyHops: {
		why:  [2]string{"So many hops are a loop of which no stamp tells, or a very long way.", "これほど多いホップ数は、刻印の残らないループか、非常に長い経路です。"},
		cure: [2]string{"look for hosts that come again and again above; lastmile deliver --max-hops raises the limit.", "上の経路で何度も現れるホストを調べます。上限は lastmile deliver --max-hops で変えられます。"},
	},
	loopcheck.BackToMyself: {
		why:  [2]string{"This is the other error with the code 5.4.6: Postfix's smtp(8) found that the next host is itself. No Delivered-To field is to blame.", "これは同じ 5.4.6 でも別のエラーで、Postfix の smtp(8) が次のホストは自分自身だと判断したものです。Delivered-To とは関係ありません。"},
		cure: [2]string{"add {domain} to mydestination, virtual_mailbox_domains or relay_domains, or correct transport_maps, relayhost or the MX record.", "{domain} を mydestination、virtual_mailbox_domains、relay_domains のどれかに加えるか、transport_maps、relayhost、MX を直します。"},
	},
	loopcheck.Clean: {
		why:  [2]string{"The message has no Delivered-To field.", "メッセージに Delivered-To フィールドがありません。"},
		cure: [2]string{"none is needed.", "不要です。"},
	},
}

// cures of a retriever, by its name.
var fetcherCures = map[string][2]string{
	"fetchmail": {"put dropdelivered into fetchmailrc", "fetchmailrc に dropdelivered を書きます"},
	"getmail":   {"deliver with --on-loop quarantine", "--on-loop quarantine を付けて配送します"},
	"fdm":       {"deliver with --on-loop quarantine", "--on-loop quarantine を付けて配送します"},
	"mpop":      {"deliver with --on-loop quarantine", "--on-loop quarantine を付けて配送します"},
}

// callerCures say how the one who hands the message over stops stamping it; the
// retriever is "" for Postfix.
var callerCures = map[string][2]string{
	"":        {"pipe(8): no flag D; local(8): prepend_delivered_header = file, forward", "pipe(8) は flags から D を外す、local(8) は prepend_delivered_header = file, forward"},
	"getmail": {"getmailrc: delivered_to = false", "getmailrc: delivered_to = false"},
}

// say returns a sentence.
func (l language) say(t text, args ...any) string { return fmt.Sprintf(catalogue[t][l], args...) }

// counting says how a near miss would count.
func (l language) counting(match string) string {
	if match == "" {
		return l.say(textNeverCounts)
	}
	return l.say(textCounts, match)
}

// locale returns what the environment says about language and characters.
func locale() (l language, utf8 bool) {
	ctype := firstSet("LC_ALL", "LC_CTYPE", "LANG")
	charset := strings.ToLower(ctype[strings.IndexByte(ctype, '.')+1:])
	utf8 = strings.HasPrefix(charset, "utf-8") || strings.HasPrefix(charset, "utf8")
	if utf8 && strings.HasPrefix(firstSet("LC_ALL", "LC_MESSAGES", "LANG"), "ja") {
		l = japanese
	}
	return l, utf8
}

// firstSet returns the first of some environment variables that is not empty.
func firstSet(names ...string) string {
	for _, name := range names {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return ""
}
