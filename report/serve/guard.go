package serve

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"

	"tcpwatch/internal/say"
	"tcpwatch/report/html"
)

// A browser does what pages of others tell it, and knows this server's address. So each request
// is looked at: whether its Host is an address and no name (else a name that is pointed here
// would make a page of others one of ours: DNS rebinding), whether it comes from a page of ours
// (Sec-Fetch-Site, Origin), and, where others than this host can reach the server, whether it
// has the token or the cookie that was given for it.

// NewToken is one that nobody can guess: 128 bits.
func NewToken() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// gate says who may ask a server.
type gate struct {
	address  Address
	listener net.Listener
	token    string // without which nobody is answered; "" for none
	session  string // the cookie's value
	used     atomic.Bool
}

// guard lets through what may be answered, and tells all others why not.
func (s *gate) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if why := s.wrongHost(r.Host); why != "" {
			refuse(w, r, http.StatusMisdirectedRequest, why)
			return
		}
		if why := foreign(r); why != "" {
			refuse(w, r, http.StatusForbidden, why)
			return
		}
		exchange := s.token != "" && r.URL.Path == "/token"
		switch {
		case r.Method == http.MethodPost && exchange:
			s.takeToken(w, r)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			refuse(w, r, http.StatusMethodNotAllowed, r.Method+": only GET and HEAD, nothing is changed here")
			return
		case s.token == "" || s.admitted(r):
		case r.URL.Query().Has("token"):
			s.takeFromAddress(w, r)
			return
		default:
			s.refuseStranger(w, r, "the token is missing: tcpwatch printed it when it began. Programs send it as \"Authorization: Bearer TOKEN\"")
			return
		}
		if r.URL.Query().Has("token") { // whoever is admitted needs it no more
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// wrongHost says what is wrong with the Host of a request: it is this host's loopback, or where
// the server is open an address; never a name but localhost.
func (s *gate) wrongHost(host string) string {
	if s.address.path != "" {
		return ""
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if strings.EqualFold(name, "localhost") {
		return ""
	}
	ip, err := netip.ParseAddr(name)
	if err == nil && (ip.Unmap().IsLoopback() || s.address.Open()) {
		return ""
	}
	return "Host " + say.Escape(host) + ": ask for the address in numbers, as tcpwatch printed it"
}

// foreign says why a request is not one of a page of ours, nor of a person or a program.
func foreign(r *http.Request) string {
	const why = ": a page of another site asked for this; type the address yourself"
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" && site != "same-origin" {
		return "Sec-Fetch-Site " + say.Escape(site) + why
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return ""
	}
	if u, err := url.Parse(origin); err != nil || u.Scheme != "http" || u.Host != r.Host {
		return "Origin " + say.Escape(origin) + why
	}
	return ""
}

// cookie is the name of the cookie: those of several servers on a host have one place.
func (s *gate) cookie() string {
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	return "tcpwatch-" + port
}

// same compares secrets in a time that tells nothing of them.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// admitted reports whether a request has the cookie, or the token as programs send it.
func (s *gate) admitted(r *http.Request) bool {
	if c, err := r.Cookie(s.cookie()); err == nil && same(c.Value, s.session) {
		return true
	}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && same(bearer, s.token)
}

// takeFromAddress takes the token out of the address, once: an address stays in histories.
func (s *gate) takeFromAddress(w http.ResponseWriter, r *http.Request) {
	switch {
	case !same(r.URL.Query().Get("token"), s.token):
		s.refuseStranger(w, r, "the token is wrong")
	case r.Method != http.MethodGet:
		s.refuseStranger(w, r, "the token is in the address: ask by GET")
	case s.used.Swap(true):
		s.refuseStranger(w, r, "the address with the token was used already: enter the token")
	default:
		s.admit(w, r)
	}
}

// takeToken takes it out of a form.
func (s *gate) takeToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1024)
	if !same(strings.TrimSpace(r.PostFormValue("token")), s.token) {
		s.refuseStranger(w, r, "the token is wrong")
		return
	}
	s.admit(w, r)
}

// admit gives the cookie, and leads to the page.
func (s *gate) admit(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: s.cookie(), Value: s.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// refuseStranger refuses who has no token; a person is asked for it.
func (s *gate) refuseStranger(w http.ResponseWriter, r *http.Request, why string) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="tcpwatch"`)
	if !strings.Contains(r.Header.Get("Accept"), "text/html") || isAPI(r) {
		refuse(w, r, http.StatusUnauthorized, why)
		return
	}
	w.Header().Set("Content-Security-Policy", html.FormPolicy())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusUnauthorized)
	html.WriteTokenForm(w, why)
}

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// refusal is an error as the API has it.
type refusal struct {
	Error string `json:"error"` // one line: what is wrong, and the way out
}

// refuse says in one line why a request is not answered. Whoever may not ask keeps no connection.
func refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	if status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusMisdirectedRequest {
		w.Header().Set("Connection", "close")
	}
	if !isAPI(r) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, "tcpwatch: "+why+"\n")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	b, _ := compact(refusal{why}) // of a text it never fails
	w.Write(append(b, '\n'))
}
