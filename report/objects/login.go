package objects

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

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
		_, err := os.Stat(name)
		switch {
		case err == nil:
			login := credentials.NewFileAWSCredentials(name, cmp.Or(profile, "default"))
			v, err := login.GetWithContext(nil)
			switch {
			case err == nil && v.AccessKeyID != "":
				return login, nil
			case profile != "":
				return nil, fmt.Errorf("%s: no keys of AWS_PROFILE=%s", name, profile)
			}
		case named || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return nil, fmt.Errorf("keys: %w", err)
		}
	}
	return credentials.New(&credentials.IAM{Client: &http.Client{Timeout: roleWithin}, Region: e.Getenv("AWS_REGION")}), nil
}
