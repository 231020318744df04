select everything
