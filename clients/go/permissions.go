package latchkey

import (
	"fmt"
	"strings"
)

const (
	maxPermissions      = 128
	maxPermissionLength = 128
	reservedNamespace   = "latchkey:"
)

// missingOf returns the permissions that are asked for and not granted, in the order of the question.
func missingOf(granted, asked []string) []string {
	var missing []string
	for _, permission := range asked {
		if !covers(granted, permission) {
			missing = append(missing, permission)
		}
	}
	return missing
}

// covers tells whether one of the granted permissions covers all that an asked one stands for. One pattern must cover the whole: no
// union of narrower ones equals a wildcard.
func covers(granted []string, asked string) bool {
	for _, permission := range granted {
		if permission == asked {
			return true
		}
	}
	for _, permission := range granted {
		if strings.Contains(permission, "*") && patternCovers(permission, asked) {
			return true
		}
	}
	return false
}

// patternCovers goes along both by segments. A * stands for one segment, and at the end of a pattern for one or more; at its
// beginning it does not open the reserved namespace. A * that is asked for stands for any segment, which only a * covers.
func patternCovers(pattern, asked string) bool {
	isReserved := strings.HasPrefix(asked, reservedNamespace)
	for isFirst := true; ; isFirst = false {
		wanted, restWanted, isMoreWanted := strings.Cut(asked, ":")
		segment, rest, isMore := strings.Cut(pattern, ":")
		isClosed := isReserved && isFirst
		if segment == "*" && !isMore {
			return !isClosed
		}
		if segment != wanted && (segment != "*" || wanted == "*" || isClosed) {
			return false
		}
		if !isMore || !isMoreWanted {
			return isMore == isMoreWanted
		}
		asked, pattern = restWanted, rest
	}
}

// permissionsFault checks what is asked for: a wrong form is an error of the caller, whatever the token.
func permissionsFault(permissions []string) *Error {
	if len(permissions) > maxPermissions {
		return invalidInput("permissions", "Must have at most 128 permissions.")
	}
	for i, permission := range permissions {
		if !isPermission(permission) {
			return invalidInput(fmt.Sprintf("permissions[%d]", i),
				"Must be a permission such as emails:send: segments of A-Z a-z 0-9 _ . / - or a *, separated by colons.")
		}
	}
	return nil
}

func isPermission(permission string) bool {
	if len(permission) > maxPermissionLength {
		return false
	}
	length := 0
	hasStar := false
	for i := 0; i <= len(permission); i++ {
		if i == len(permission) || permission[i] == ':' {
			if length == 0 || (hasStar && length > 1) {
				return false
			}
			length, hasStar = 0, false
			continue
		}
		c := permission[i]
		hasStar = hasStar || c == '*'
		if !isBase62(c) && !strings.ContainsRune("_./-*", rune(c)) {
			return false
		}
		length++
	}
	return true
}
