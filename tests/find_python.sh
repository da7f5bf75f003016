# Says where Python $1 (as 3.12) is: by its name, or where pyenv and uv keep theirs. A shim of pyenv may have the name and not work.
for python in "python$1" \
	"${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python \
	"${XDG_DATA_HOME:-$HOME/.local/share}"/uv/python/cpython-"$1".*/bin/python"$1"; do
	"$python" -c 'import sys; sys.exit(sys.argv[1] != "%d.%d" % sys.version_info[:2])' "$1" >/dev/null 2>&1 &&
		{ echo "$python"; exit; }
done
echo "Python $1 was not found. Install it (pyenv install $1, uv python install $1), or name those you have: make test-all PYTHONS=3.11" >&2
exit 1
