package objects

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// errNoKeys is that nothing says who asks.
var errNoKeys = errors.New("no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write ~/.aws/credentials, or give this host a role")

// loginOf is who asks: as the environment says; else the file of keys; else the role of this host, which is
// asked for when it is needed, again when its keys expire.
func loginOf(e Environment) (*credentials.Credentials, error) {
	if id, secret := e.Getenv("AWS_ACCESS_KEY_ID"), e.Getenv("AWS_SECRET_ACCESS_KEY"); id != "" && secret != "" {
		return credentials.NewStaticV4(id, secret, e.Getenv("AWS_SESSION_TOKEN")), nil
	}
	name, named := e.Getenv("AWS_SHARED_CREDENTIALS_FILE"), true
	if name == "" && e.Home != "" {
		name, named = filepath.Join(e.Home, ".aws", "credentials"), false
	}
	profile := e.Getenv("AWS_PROFILE")
	if name != "" {
		f, err := os.Open(name)
		if err == nil {
			defer f.Close()
			var keys map[string]string
			keys, err = profileIn(f, cmp.Or(profile, "default"))
			if id, secret := keys["aws_access_key_id"], keys["aws_secret_access_key"]; id != "" && secret != "" {
				return credentials.NewStaticV4(id, secret, keys["aws_session_token"]), nil
			}
		}
		switch {
		case err == nil && profile != "":
			return nil, fmt.Errorf("%s: no keys of AWS_PROFILE=%s", name, profile)
		case err != nil && (named || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission)):
			return nil, fmt.Errorf("keys: %w", err)
		}
	}
	return credentials.New(&credentials.IAM{Client: &http.Client{Timeout: roleWithin}, Region: e.Getenv("AWS_REGION")}), nil
}

// profileIn are the settings of a profile in a file of keys. A program that a file names is not run: it would
// have the privileges that are still there.
func profileIn(r io.Reader, profile string) (map[string]string, error) {
	all := map[string]string{}
	inside := false
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if head, ok := strings.CutPrefix(line, "["); ok {
			inside = strings.TrimSpace(strings.TrimSuffix(head, "]")) == profile
			continue
		}
		if name, value, ok := strings.Cut(line, "="); ok && inside && line[0] != '#' && line[0] != ';' {
			all[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
	}
	return all, lines.Err()
}
