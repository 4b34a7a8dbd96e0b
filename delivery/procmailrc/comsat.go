package procmailrc

import (
	"net"
	"strconv"
	"strings"
)

// comsat is the biff service that is told of new mail (procmailrc(5), COMSAT).
type comsat struct {
	address string // empty: none
	folder  string // the last one, with its path
	offset  int64  // where the message begins in it, or -1
}

const (
	biffHost = "127.0.0.1"
	biffPort = "512"
)

// configure reads [service][@[host]], a number or the word biff as the service,
// or a word for off. It reports false if there is no such service or host.
func (c *comsat) configure(value string) bool {
	service, host, at := strings.Cut(value, "@")
	c.address = ""
	if !at && Number(value, -1) == 0 {
		return true
	}
	if host == "" {
		host = biffHost
	}
	if host == "localhost" {
		host = biffHost
	}
	switch {
	case !at || service == "" || service == "biff" || service == "comsat":
		service = biffPort
	default:
		port, length := leadingInt(service)
		if length == 0 {
			return false
		}
		service = strconv.Itoa(port & 0xffff)
	}
	c.address = net.JoinHostPort(host, service)
	return true
}

// setComsatFolder notes the folder that the service is told of.
func (in *interp) setComsatFolder(name string) {
	if !strings.HasPrefix(name, "/") {
		name = in.vars.get("MAILDIR") + "/" + name
	}
	in.comsat.folder, in.comsat.offset = name, -1
}

// notify tells the service of a delivery.
func (in *interp) notify(instead string) {
	c := &in.comsat
	if c.address == "" || in.vars.get("LOGNAME") == "" {
		return
	}
	folder := instead
	if folder == "" {
		folder = c.folder
	}
	if folder == "" {
		return
	}
	text := in.vars.get("LOGNAME") + "@"
	if instead == "" && c.offset >= 0 {
		text += strconv.FormatInt(c.offset, 10)
	}
	text += ":" + folder
	in.host.Notify(c.address, text)
	in.tell("Notified comsat:", text)
}
