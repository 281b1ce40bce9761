"""The bundled profiles, one TOML file per province; a package so that a built distribution carries them."""
